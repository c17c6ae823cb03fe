declare <4 x float> @llvm.fmuladd.v4f32(<4 x float>, <4 x float>, <4 x float>)
declare <4 x float> @llvm.ldexp.v4f32.v4i32(<4 x float>, <4 x i32>)
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
  %i25 = phi i64 [0, %after8], [%v91, %loop25]
  %c27 = phi <4 x float> [%v7, %after8], [%v85, %loop25]
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
  %v61 = fptosi <4 x float> %v50 to <4 x i32>
  %v62 = call <4 x float> @llvm.ldexp.v4f32.v4i32(<4 x float> %v60, <4 x i32> %v61)
  %v63 = fadd contract <4 x float> splat (float 0x3FF0000000000000), %v62
  %v64 = fdiv contract <4 x float> splat (float 0x3FF0000000000000), %v63
  %v65 = fsub contract <4 x float> %v64, %v40
  %v66 = fmul contract <4 x float> %v65, %v65
  %v67 = fmul contract <4 x float> %v65, splat (float 0x3FE0000000000000)
  %v68 = fsub contract <4 x float> splat (float 0x3FF0000000000000), %v64
  %v69 = fmul contract <4 x float> %v64, %v68
  %v70 = fmul contract <4 x float> %v67, %v69
  %v71 = fmul contract <4 x float> %v70, %v36
  %v72 = fmul contract <4 x float> %v70, %v38
  %v73 = shufflevector <4 x float> %v71, <4 x float> %v70, <4 x i32> <i32 0, i32 1, i32 4, i32 5>
  %v74 = shufflevector <4 x float> %v71, <4 x float> %v70, <4 x i32> <i32 2, i32 3, i32 6, i32 7>
  %v75 = fadd contract <4 x float> %v73, %v74
  %v76 = shufflevector <4 x float> %v72, <4 x float> %v66, <4 x i32> <i32 0, i32 1, i32 4, i32 5>
  %v77 = shufflevector <4 x float> %v72, <4 x float> %v66, <4 x i32> <i32 2, i32 3, i32 6, i32 7>
  %v78 = fadd contract <4 x float> %v76, %v77
  %v79 = shufflevector <4 x float> %v75, <4 x float> %v78, <4 x i32> <i32 0, i32 4, i32 2, i32 6>
  %v80 = shufflevector <4 x float> %v75, <4 x float> %v78, <4 x i32> <i32 1, i32 5, i32 3, i32 7>
  %v81 = fadd contract <4 x float> %v79, %v80
  %v82 = shufflevector <4 x float> %v81, <4 x float> poison, <4 x i32> <i32 3, i32 3, i32 3, i32 3>
  %v83 = fmul contract <4 x float> %v82, splat (float 0x3FD0000000000000)
  %v84 = fmul contract <4 x float> %v35, %v81
  %v85 = fsub contract <4 x float> %c27, %v84
  %v86 = extractelement <4 x float> %v83, i32 0
  %v87 = getelementptr double, ptr %losses, i64 %v26
  %v88 = fpext float %v86 to double
  store double %v88, ptr %v87, align 8
  %v89 = call float @llvm.fabs.f32(float %v86)
  %v90 = fcmp olt float %v89, 0x7FF0000000000000
  %v91 = add i64 %i25, 1
  %v92 = icmp slt i64 %v91, %count
  %v93 = and i1 %v92, %v90
  br i1 %v93, label %loop25, label %after25
after25:
  %v94 = extractelement <4 x float> %v85, i32 0
  store float %v94, ptr %leaf1, align 4
  %v95 = extractelement <4 x float> %v85, i32 1
  %v96 = getelementptr float, ptr %leaf1, i64 1
  store float %v95, ptr %v96, align 4
  %v97 = extractelement <4 x float> %v85, i32 2
  store float %v97, ptr %leaf2, align 4
  %v98 = add i64 %i25, 1
  ret i64 %v98
}
attributes #0 = { nounwind "no-trapping-math"="true" "prefer-vector-width"="512" }
