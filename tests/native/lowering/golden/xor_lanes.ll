declare <16 x float> @llvm.x86.avx512.mask.scalef.ps.512(<16 x float>, <16 x float>, <16 x float>, i16, i32)
declare <4 x float> @llvm.fmuladd.v4f32(<4 x float>, <4 x float>, <4 x float>)
declare <4 x float> @llvm.rint.v4f32(<4 x float>)
declare float @llvm.fabs.f32(float)
define i64 @run(ptr noalias %leaf0, ptr noalias %leaf1, ptr noalias %leaf2, ptr noalias %leaf3, ptr noalias %order, ptr noalias %scalars, ptr noalias %losses, ptr noalias %norms, ptr noalias %scratch, ptr noalias %tables, i64 %first, i64 %count) #0 {
entry:
  %v1 = load float, ptr %leaf1, align 4
  %v2 = insertelement <4 x float> zeroinitializer, float %v1, i32 0
  %v3 = getelementptr float, ptr %leaf1, i64 1
  %v4 = load float, ptr %v3, align 4
  %v5 = insertelement <4 x float> %v2, float %v4, i32 1
  %v6 = load float, ptr %leaf2, align 4
  %v7 = insertelement <4 x float> %v5, float %v6, i32 2
  br label %loop8
loop8:
  %i8 = phi i64 [0, %entry], [%v23, %after9]
  br label %loop9
loop9:
  %i9 = phi i64 [0, %loop8], [%v17, %loop9]
  %v10 = mul i64 %i8, 2
  %v11 = getelementptr float, ptr %leaf0, i64 %v10
  %v12 = getelementptr float, ptr %v11, i64 %i9
  %v13 = load float, ptr %v12, align 4
  %v14 = mul i64 %i9, 4
  %v15 = getelementptr float, ptr %scratch, i64 %v14
  %v16 = getelementptr float, ptr %v15, i64 %i8
  store float %v13, ptr %v16, align 4
  %v17 = add i64 %i9, 1
  %v18 = icmp slt i64 %v17, 2
  br i1 %v18, label %loop9, label %after9
after9:
  %v19 = getelementptr float, ptr %leaf3, i64 %i8
  %v20 = load float, ptr %v19, align 4
  %v21 = getelementptr float, ptr %scratch, i64 %i8
  %v22 = getelementptr float, ptr %v21, i64 8
  store float %v20, ptr %v22, align 4
  %v23 = add i64 %i8, 1
  %v24 = icmp slt i64 %v23, 4
  br i1 %v24, label %loop8, label %after8
after8:
  br label %loop25
loop25:
  %i25 = phi i64 [0, %after8], [%v93, %loop25]
  %c27 = phi <4 x float> [%v7, %after8], [%v87, %loop25]
  %v26 = add i64 %i25, %first
  %v28 = shufflevector <4 x float> %c27, <4 x float> poison, <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %v29 = shufflevector <4 x float> %c27, <4 x float> poison, <4 x i32> <i32 1, i32 1, i32 1, i32 1>
  %v30 = shufflevector <4 x float> %c27, <4 x float> poison, <4 x i32> <i32 2, i32 2, i32 2, i32 2>
  %v31 = getelementptr double, ptr %scalars, i64 %v26
  %v32 = load double, ptr %v31, align 8
  %v33 = fptrunc double %v32 to float
  %v34 = insertelement <4 x float> poison, float %v33, i32 0
  %v35 = shufflevector <4 x float> %v34, <4 x float> poison, <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %v36 = load <4 x float>, ptr %scratch, align 4
  %v37 = getelementptr float, ptr %scratch, i64 4
  %v38 = load <4 x float>, ptr %v37, align 4
  %v39 = getelementptr float, ptr %scratch, i64 8
  %v40 = load <4 x float>, ptr %v39, align 4
  %v41 = fmul contract <4 x float> %v28, %v36
  %v42 = call <4 x float> @llvm.fmuladd.v4f32(<4 x float> %v29, <4 x float> %v38, <4 x float> %v41)
  %v43 = fadd contract <4 x float> %v42, %v30
  %v44 = fneg <4 x float> %v43
  %v45 = fcmp ogt <4 x float> %v44, splat (float 0x4056400000000000)
  %v46 = select <4 x i1> %v45, <4 x float> splat (float 0x4056400000000000), <4 x float> %v44
  %v47 = fcmp olt <4 x float> %v46, splat (float 0xC05A000000000000)
  %v48 = select <4 x i1> %v47, <4 x float> splat (float 0xC05A000000000000), <4 x float> %v46
  %v49 = fmul contract <4 x float> %v48, splat (float 0x3FF7154760000000)
  %v50 = call <4 x float> @llvm.rint.v4f32(<4 x float> %v49)
  %v51 = call <4 x float> @llvm.fmuladd.v4f32(<4 x float> %v50, <4 x float> splat (float 0xBFE62E4000000000), <4 x float> %v48)
  %v52 = call <4 x float> @llvm.fmuladd.v4f32(<4 x float> %v50, <4 x float> splat (float 0xBEB7F7D1C0000000), <4 x float> %v51)
  %v53 = fmul contract <4 x float> %v52, %v52
  %v54 = call <4 x float> @llvm.fmuladd.v4f32(<4 x float> splat (float 0x3F2A057B40000000), <4 x float> %v52, <4 x float> splat (float 0x3F56D2D920000000))
  %v55 = call <4 x float> @llvm.fmuladd.v4f32(<4 x float> splat (float 0x3F811114C0000000), <4 x float> %v52, <4 x float> splat (float 0x3FA5554F40000000))
  %v56 = call <4 x float> @llvm.fmuladd.v4f32(<4 x float> splat (float 0x3FC5555560000000), <4 x float> %v52, <4 x float> splat (float 0x3FE0000000000000))
  %v57 = call <4 x float> @llvm.fmuladd.v4f32(<4 x float> %v54, <4 x float> %v53, <4 x float> %v55)
  %v58 = call <4 x float> @llvm.fmuladd.v4f32(<4 x float> %v57, <4 x float> %v53, <4 x float> %v56)
  %v59 = call <4 x float> @llvm.fmuladd.v4f32(<4 x float> %v53, <4 x float> %v58, <4 x float> %v52)
  %v60 = fadd contract <4 x float> %v59, splat (float 0x3FF0000000000000)
  %v61 = shufflevector <4 x float> %v60, <4 x float> poison, <16 x i32> <i32 0, i32 1, i32 2, i32 3, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison>
  %v62 = shufflevector <4 x float> %v50, <4 x float> poison, <16 x i32> <i32 0, i32 1, i32 2, i32 3, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison, i32 poison>
  %v63 = call <16 x float> @llvm.x86.avx512.mask.scalef.ps.512(<16 x float> %v61, <16 x float> %v62, <16 x float> zeroinitializer, i16 -1, i32 4)
  %v64 = shufflevector <16 x float> %v63, <16 x float> poison, <4 x i32> <i32 0, i32 1, i32 2, i32 3>
  %v65 = fadd contract <4 x float> splat (float 0x3FF0000000000000), %v64
  %v66 = fdiv contract <4 x float> splat (float 0x3FF0000000000000), %v65
  %v67 = fsub contract <4 x float> %v66, %v40
  %v68 = fmul contract <4 x float> %v67, %v67
  %v69 = fmul contract <4 x float> %v67, splat (float 0x3FE0000000000000)
  %v70 = fsub contract <4 x float> splat (float 0x3FF0000000000000), %v66
  %v71 = fmul contract <4 x float> %v66, %v70
  %v72 = fmul contract <4 x float> %v69, %v71
  %v73 = fmul contract <4 x float> %v72, %v36
  %v74 = fmul contract <4 x float> %v72, %v38
  %v75 = shufflevector <4 x float> %v73, <4 x float> %v72, <4 x i32> <i32 0, i32 1, i32 4, i32 5>
  %v76 = shufflevector <4 x float> %v73, <4 x float> %v72, <4 x i32> <i32 2, i32 3, i32 6, i32 7>
  %v77 = fadd contract <4 x float> %v75, %v76
  %v78 = shufflevector <4 x float> %v74, <4 x float> %v68, <4 x i32> <i32 0, i32 1, i32 4, i32 5>
  %v79 = shufflevector <4 x float> %v74, <4 x float> %v68, <4 x i32> <i32 2, i32 3, i32 6, i32 7>
  %v80 = fadd contract <4 x float> %v78, %v79
  %v81 = shufflevector <4 x float> %v77, <4 x float> %v80, <4 x i32> <i32 0, i32 4, i32 2, i32 6>
  %v82 = shufflevector <4 x float> %v77, <4 x float> %v80, <4 x i32> <i32 1, i32 5, i32 3, i32 7>
  %v83 = fadd contract <4 x float> %v81, %v82
  %v84 = shufflevector <4 x float> %v83, <4 x float> poison, <4 x i32> <i32 3, i32 3, i32 3, i32 3>
  %v85 = fmul contract <4 x float> %v84, splat (float 0x3FD0000000000000)
  %v86 = fmul contract <4 x float> %v35, %v83
  %v87 = fsub contract <4 x float> %c27, %v86
  %v88 = extractelement <4 x float> %v85, i32 0
  %v89 = getelementptr double, ptr %losses, i64 %v26
  %v90 = fpext float %v88 to double
  store double %v90, ptr %v89, align 8
  %v91 = call float @llvm.fabs.f32(float %v88)
  %v92 = fcmp olt float %v91, 0x7FF0000000000000
  %v93 = add i64 %i25, 1
  %v94 = icmp slt i64 %v93, %count
  %v95 = and i1 %v94, %v92
  br i1 %v95, label %loop25, label %after25
after25:
  %v96 = extractelement <4 x float> %v87, i32 0
  store float %v96, ptr %leaf1, align 4
  %v97 = extractelement <4 x float> %v87, i32 1
  %v98 = getelementptr float, ptr %leaf1, i64 1
  store float %v97, ptr %v98, align 4
  %v99 = extractelement <4 x float> %v87, i32 2
  store float %v99, ptr %leaf2, align 4
  %v100 = add i64 %i25, 1
  ret i64 %v100
}
attributes #0 = { nounwind "stackrealign" "no-trapping-math"="true" "prefer-vector-width"="512" }
