declare <8 x float> @llvm.fmuladd.v8f32(<8 x float>, <8 x float>, <8 x float>)
declare <8 x float> @llvm.rint.v8f32(<8 x float>)
declare float @llvm.fabs.f32(float)
declare float @llvm.fmuladd.f32(float, float, float)
declare float @llvm.sqrt.f32(float)
declare float @llvm.vector.reduce.fadd.v8f32(float, <8 x float>)
define internal void @transpose_8x8(ptr noalias %source, i64 %source_stride, ptr noalias %target, i64 %target_stride) #0 {
entry:
  %v1 = load <8 x float>, ptr %source, align 4
  %v2 = getelementptr float, ptr %source, i64 %source_stride
  %v3 = load <8 x float>, ptr %v2, align 4
  %v4 = mul i64 %source_stride, 2
  %v5 = getelementptr float, ptr %source, i64 %v4
  %v6 = load <8 x float>, ptr %v5, align 4
  %v7 = mul i64 %source_stride, 3
  %v8 = getelementptr float, ptr %source, i64 %v7
  %v9 = load <8 x float>, ptr %v8, align 4
  %v10 = mul i64 %source_stride, 4
  %v11 = getelementptr float, ptr %source, i64 %v10
  %v12 = load <8 x float>, ptr %v11, align 4
  %v13 = mul i64 %source_stride, 5
  %v14 = getelementptr float, ptr %source, i64 %v13
  %v15 = load <8 x float>, ptr %v14, align 4
  %v16 = mul i64 %source_stride, 6
  %v17 = getelementptr float, ptr %source, i64 %v16
  %v18 = load <8 x float>, ptr %v17, align 4
  %v19 = mul i64 %source_stride, 7
  %v20 = getelementptr float, ptr %source, i64 %v19
  %v21 = load <8 x float>, ptr %v20, align 4
  %v22 = shufflevector <8 x float> %v1, <8 x float> %v12, <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 8, i32 9, i32 10, i32 11>
  %v23 = shufflevector <8 x float> %v1, <8 x float> %v12, <8 x i32> <i32 4, i32 5, i32 6, i32 7, i32 12, i32 13, i32 14, i32 15>
  %v24 = shufflevector <8 x float> %v3, <8 x float> %v15, <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 8, i32 9, i32 10, i32 11>
  %v25 = shufflevector <8 x float> %v3, <8 x float> %v15, <8 x i32> <i32 4, i32 5, i32 6, i32 7, i32 12, i32 13, i32 14, i32 15>
  %v26 = shufflevector <8 x float> %v6, <8 x float> %v18, <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 8, i32 9, i32 10, i32 11>
  %v27 = shufflevector <8 x float> %v6, <8 x float> %v18, <8 x i32> <i32 4, i32 5, i32 6, i32 7, i32 12, i32 13, i32 14, i32 15>
  %v28 = shufflevector <8 x float> %v9, <8 x float> %v21, <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 8, i32 9, i32 10, i32 11>
  %v29 = shufflevector <8 x float> %v9, <8 x float> %v21, <8 x i32> <i32 4, i32 5, i32 6, i32 7, i32 12, i32 13, i32 14, i32 15>
  %v30 = shufflevector <8 x float> %v22, <8 x float> %v26, <8 x i32> <i32 0, i32 1, i32 8, i32 9, i32 4, i32 5, i32 12, i32 13>
  %v31 = shufflevector <8 x float> %v22, <8 x float> %v26, <8 x i32> <i32 2, i32 3, i32 10, i32 11, i32 6, i32 7, i32 14, i32 15>
  %v32 = shufflevector <8 x float> %v24, <8 x float> %v28, <8 x i32> <i32 0, i32 1, i32 8, i32 9, i32 4, i32 5, i32 12, i32 13>
  %v33 = shufflevector <8 x float> %v24, <8 x float> %v28, <8 x i32> <i32 2, i32 3, i32 10, i32 11, i32 6, i32 7, i32 14, i32 15>
  %v34 = shufflevector <8 x float> %v23, <8 x float> %v27, <8 x i32> <i32 0, i32 1, i32 8, i32 9, i32 4, i32 5, i32 12, i32 13>
  %v35 = shufflevector <8 x float> %v23, <8 x float> %v27, <8 x i32> <i32 2, i32 3, i32 10, i32 11, i32 6, i32 7, i32 14, i32 15>
  %v36 = shufflevector <8 x float> %v25, <8 x float> %v29, <8 x i32> <i32 0, i32 1, i32 8, i32 9, i32 4, i32 5, i32 12, i32 13>
  %v37 = shufflevector <8 x float> %v25, <8 x float> %v29, <8 x i32> <i32 2, i32 3, i32 10, i32 11, i32 6, i32 7, i32 14, i32 15>
  %v38 = shufflevector <8 x float> %v30, <8 x float> %v32, <8 x i32> <i32 0, i32 8, i32 2, i32 10, i32 4, i32 12, i32 6, i32 14>
  %v39 = shufflevector <8 x float> %v30, <8 x float> %v32, <8 x i32> <i32 1, i32 9, i32 3, i32 11, i32 5, i32 13, i32 7, i32 15>
  %v40 = shufflevector <8 x float> %v31, <8 x float> %v33, <8 x i32> <i32 0, i32 8, i32 2, i32 10, i32 4, i32 12, i32 6, i32 14>
  %v41 = shufflevector <8 x float> %v31, <8 x float> %v33, <8 x i32> <i32 1, i32 9, i32 3, i32 11, i32 5, i32 13, i32 7, i32 15>
  %v42 = shufflevector <8 x float> %v34, <8 x float> %v36, <8 x i32> <i32 0, i32 8, i32 2, i32 10, i32 4, i32 12, i32 6, i32 14>
  %v43 = shufflevector <8 x float> %v34, <8 x float> %v36, <8 x i32> <i32 1, i32 9, i32 3, i32 11, i32 5, i32 13, i32 7, i32 15>
  %v44 = shufflevector <8 x float> %v35, <8 x float> %v37, <8 x i32> <i32 0, i32 8, i32 2, i32 10, i32 4, i32 12, i32 6, i32 14>
  %v45 = shufflevector <8 x float> %v35, <8 x float> %v37, <8 x i32> <i32 1, i32 9, i32 3, i32 11, i32 5, i32 13, i32 7, i32 15>
  store <8 x float> %v38, ptr %target, align 4
  %v46 = getelementptr float, ptr %target, i64 %target_stride
  store <8 x float> %v39, ptr %v46, align 4
  %v47 = mul i64 %target_stride, 2
  %v48 = getelementptr float, ptr %target, i64 %v47
  store <8 x float> %v40, ptr %v48, align 4
  %v49 = mul i64 %target_stride, 3
  %v50 = getelementptr float, ptr %target, i64 %v49
  store <8 x float> %v41, ptr %v50, align 4
  %v51 = mul i64 %target_stride, 4
  %v52 = getelementptr float, ptr %target, i64 %v51
  store <8 x float> %v42, ptr %v52, align 4
  %v53 = mul i64 %target_stride, 5
  %v54 = getelementptr float, ptr %target, i64 %v53
  store <8 x float> %v43, ptr %v54, align 4
  %v55 = mul i64 %target_stride, 6
  %v56 = getelementptr float, ptr %target, i64 %v55
  store <8 x float> %v44, ptr %v56, align 4
  %v57 = mul i64 %target_stride, 7
  %v58 = getelementptr float, ptr %target, i64 %v57
  store <8 x float> %v45, ptr %v58, align 4
  ret void
}
define i64 @run(ptr noalias %leaf0, ptr noalias %leaf1, ptr noalias %leaf2, ptr noalias %leaf3, ptr noalias %order, ptr noalias %scalars, ptr noalias %losses, ptr noalias %norms, ptr noalias %scratch, ptr noalias %tables, i64 %first, i64 %count, i64 %thread) #0 {
entry:
  br label %loop1
loop1:
  %i1 = phi i64 [0, %entry], [%v7, %loop1]
  %v2 = getelementptr float, ptr %leaf1, i64 %i1
  %v3 = mul i64 %i1, 8
  %v4 = getelementptr float, ptr %scratch, i64 %v3
  %v5 = getelementptr float, ptr %v4, i64 40
  %v6 = load float, ptr %v2, align 4
  store float %v6, ptr %v5, align 4
  %v7 = add i64 %i1, 1
  %v8 = icmp slt i64 %v7, 2
  br i1 %v8, label %loop1, label %after1
after1:
  %v9 = getelementptr float, ptr %scratch, i64 56
  %v10 = load float, ptr %leaf2, align 4
  store float %v10, ptr %v9, align 4
  br label %loop11
loop11:
  %i11 = phi i64 [0, %after1], [%v358, %after326]
  %v12 = add i64 %i11, %first
  br label %loop13
loop13:
  %i13 = phi i64 [0, %loop11], [%v32, %after22]
  %v14 = mul i64 %v12, 4
  %v15 = add i64 %v14, %i13
  %v16 = getelementptr i64, ptr %order, i64 %v15
  %v17 = load i64, ptr %v16, align 8
  %v18 = mul i64 %i13, 8
  %v19 = getelementptr float, ptr %scratch, i64 %v18
  %v20 = mul i64 %v17, 2
  %v21 = getelementptr float, ptr %leaf0, i64 %v20
  br label %loop22
loop22:
  %i22 = phi i64 [0, %loop13], [%v26, %loop22]
  %v23 = getelementptr float, ptr %v21, i64 %i22
  %v24 = load float, ptr %v23, align 4
  %v25 = getelementptr float, ptr %v19, i64 %i22
  store float %v24, ptr %v25, align 4
  %v26 = add i64 %i22, 1
  %v27 = icmp slt i64 %v26, 2
  br i1 %v27, label %loop22, label %after22
after22:
  %v28 = getelementptr float, ptr %scratch, i64 %i13
  %v29 = getelementptr float, ptr %v28, i64 72
  %v30 = getelementptr float, ptr %leaf3, i64 %v17
  %v31 = load float, ptr %v30, align 4
  store float %v31, ptr %v29, align 4
  %v32 = add i64 %i13, 1
  %v33 = icmp slt i64 %v32, 4
  br i1 %v33, label %loop13, label %after13
after13:
  %v34 = getelementptr double, ptr %scalars, i64 %v12
  %v35 = load double, ptr %v34, align 8
  %v36 = fptrunc double %v35 to float
  %v37 = insertelement <8 x float> poison, float %v36, i32 0
  %v38 = shufflevector <8 x float> %v37, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v39 = getelementptr float, ptr %scratch, i64 88
  store <8 x float> zeroinitializer, ptr %v39, align 4
  %v40 = getelementptr float, ptr %scratch, i64 152
  store <8 x float> zeroinitializer, ptr %v40, align 4
  %v41 = getelementptr float, ptr %scratch, i64 40
  %v42 = load <8 x float>, ptr %v41, align 4
  %v43 = load float, ptr %scratch, align 4
  %v44 = insertelement <8 x float> poison, float %v43, i32 0
  %v45 = shufflevector <8 x float> %v44, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v46 = fmul contract <8 x float> %v45, %v42
  %v47 = getelementptr float, ptr %scratch, i64 8
  %v48 = load float, ptr %v47, align 4
  %v49 = insertelement <8 x float> poison, float %v48, i32 0
  %v50 = shufflevector <8 x float> %v49, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v51 = fmul contract <8 x float> %v50, %v42
  %v52 = getelementptr float, ptr %scratch, i64 16
  %v53 = load float, ptr %v52, align 4
  %v54 = insertelement <8 x float> poison, float %v53, i32 0
  %v55 = shufflevector <8 x float> %v54, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v56 = fmul contract <8 x float> %v55, %v42
  %v57 = getelementptr float, ptr %scratch, i64 24
  %v58 = load float, ptr %v57, align 4
  %v59 = insertelement <8 x float> poison, float %v58, i32 0
  %v60 = shufflevector <8 x float> %v59, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v61 = fmul contract <8 x float> %v60, %v42
  %v62 = getelementptr float, ptr %v41, i64 8
  %v63 = load <8 x float>, ptr %v62, align 4
  %v64 = getelementptr float, ptr %scratch, i64 1
  %v65 = load float, ptr %v64, align 4
  %v66 = insertelement <8 x float> poison, float %v65, i32 0
  %v67 = shufflevector <8 x float> %v66, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v68 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v67, <8 x float> %v63, <8 x float> %v46)
  %v69 = getelementptr float, ptr %scratch, i64 9
  %v70 = load float, ptr %v69, align 4
  %v71 = insertelement <8 x float> poison, float %v70, i32 0
  %v72 = shufflevector <8 x float> %v71, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v73 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v72, <8 x float> %v63, <8 x float> %v51)
  %v74 = getelementptr float, ptr %scratch, i64 17
  %v75 = load float, ptr %v74, align 4
  %v76 = insertelement <8 x float> poison, float %v75, i32 0
  %v77 = shufflevector <8 x float> %v76, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v78 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v77, <8 x float> %v63, <8 x float> %v56)
  %v79 = getelementptr float, ptr %scratch, i64 25
  %v80 = load float, ptr %v79, align 4
  %v81 = insertelement <8 x float> poison, float %v80, i32 0
  %v82 = shufflevector <8 x float> %v81, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v83 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v82, <8 x float> %v63, <8 x float> %v61)
  %v84 = shufflevector <8 x float> %v68, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v85 = getelementptr float, ptr %scratch, i64 56
  %v86 = load float, ptr %v85, align 4
  %v87 = insertelement <8 x float> poison, float %v86, i32 0
  %v88 = shufflevector <8 x float> %v87, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v89 = fadd contract <8 x float> %v84, %v88
  %v90 = fneg <8 x float> %v89
  %v91 = fcmp ogt <8 x float> %v90, splat (float 0x4056400000000000)
  %v92 = select <8 x i1> %v91, <8 x float> splat (float 0x4056400000000000), <8 x float> %v90
  %v93 = fcmp olt <8 x float> %v92, splat (float 0xC05A000000000000)
  %v94 = select <8 x i1> %v93, <8 x float> splat (float 0xC05A000000000000), <8 x float> %v92
  %v95 = fmul contract <8 x float> %v94, splat (float 0x3FF7154760000000)
  %v96 = call <8 x float> @llvm.rint.v8f32(<8 x float> %v95)
  %v97 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v96, <8 x float> splat (float 0xBFE62E4000000000), <8 x float> %v94)
  %v98 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v96, <8 x float> splat (float 0xBEB7F7D1C0000000), <8 x float> %v97)
  %v99 = fmul contract <8 x float> %v98, %v98
  %v100 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3F2A057B40000000), <8 x float> %v98, <8 x float> splat (float 0x3F56D2D920000000))
  %v101 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3F811114C0000000), <8 x float> %v98, <8 x float> splat (float 0x3FA5554F40000000))
  %v102 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FC5555560000000), <8 x float> %v98, <8 x float> splat (float 0x3FE0000000000000))
  %v103 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v100, <8 x float> %v99, <8 x float> %v101)
  %v104 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v103, <8 x float> %v99, <8 x float> %v102)
  %v105 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v99, <8 x float> %v104, <8 x float> %v98)
  %v106 = fadd contract <8 x float> %v105, splat (float 0x3FF0000000000000)
  %v107 = fptosi <8 x float> %v96 to <8 x i32>
  %v108 = ashr <8 x i32> %v107, splat (i32 1)
  %v109 = add <8 x i32> %v108, splat (i32 127)
  %v110 = shl <8 x i32> %v109, splat (i32 23)
  %v111 = bitcast <8 x i32> %v110 to <8 x float>
  %v112 = fmul contract <8 x float> %v106, %v111
  %v113 = sub <8 x i32> %v107, %v108
  %v114 = add <8 x i32> %v113, splat (i32 127)
  %v115 = shl <8 x i32> %v114, splat (i32 23)
  %v116 = bitcast <8 x i32> %v115 to <8 x float>
  %v117 = fmul contract <8 x float> %v112, %v116
  %v118 = fadd contract <8 x float> splat (float 0x3FF0000000000000), %v117
  %v119 = fdiv contract <8 x float> splat (float 0x3FF0000000000000), %v118
  %v120 = getelementptr float, ptr %scratch, i64 72
  %v121 = load float, ptr %v120, align 4
  %v122 = insertelement <8 x float> poison, float %v121, i32 0
  %v123 = shufflevector <8 x float> %v122, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v124 = fsub contract <8 x float> %v119, %v123
  %v125 = fmul contract <8 x float> %v124, %v124
  %v126 = fmul contract <8 x float> %v124, splat (float 0x3FE0000000000000)
  %v127 = fsub contract <8 x float> splat (float 0x3FF0000000000000), %v119
  %v128 = fmul contract <8 x float> %v119, %v127
  %v129 = fmul contract <8 x float> %v126, %v128
  %v130 = getelementptr float, ptr %scratch, i64 120
  %v131 = extractelement <8 x float> %v129, i32 0
  store float %v131, ptr %v130, align 4
  %v132 = shufflevector <8 x float> %v73, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v133 = getelementptr float, ptr %scratch, i64 56
  %v134 = load float, ptr %v133, align 4
  %v135 = insertelement <8 x float> poison, float %v134, i32 0
  %v136 = shufflevector <8 x float> %v135, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v137 = fadd contract <8 x float> %v132, %v136
  %v138 = fneg <8 x float> %v137
  %v139 = fcmp ogt <8 x float> %v138, splat (float 0x4056400000000000)
  %v140 = select <8 x i1> %v139, <8 x float> splat (float 0x4056400000000000), <8 x float> %v138
  %v141 = fcmp olt <8 x float> %v140, splat (float 0xC05A000000000000)
  %v142 = select <8 x i1> %v141, <8 x float> splat (float 0xC05A000000000000), <8 x float> %v140
  %v143 = fmul contract <8 x float> %v142, splat (float 0x3FF7154760000000)
  %v144 = call <8 x float> @llvm.rint.v8f32(<8 x float> %v143)
  %v145 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v144, <8 x float> splat (float 0xBFE62E4000000000), <8 x float> %v142)
  %v146 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v144, <8 x float> splat (float 0xBEB7F7D1C0000000), <8 x float> %v145)
  %v147 = fmul contract <8 x float> %v146, %v146
  %v148 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3F2A057B40000000), <8 x float> %v146, <8 x float> splat (float 0x3F56D2D920000000))
  %v149 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3F811114C0000000), <8 x float> %v146, <8 x float> splat (float 0x3FA5554F40000000))
  %v150 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FC5555560000000), <8 x float> %v146, <8 x float> splat (float 0x3FE0000000000000))
  %v151 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v148, <8 x float> %v147, <8 x float> %v149)
  %v152 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v151, <8 x float> %v147, <8 x float> %v150)
  %v153 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v147, <8 x float> %v152, <8 x float> %v146)
  %v154 = fadd contract <8 x float> %v153, splat (float 0x3FF0000000000000)
  %v155 = fptosi <8 x float> %v144 to <8 x i32>
  %v156 = ashr <8 x i32> %v155, splat (i32 1)
  %v157 = add <8 x i32> %v156, splat (i32 127)
  %v158 = shl <8 x i32> %v157, splat (i32 23)
  %v159 = bitcast <8 x i32> %v158 to <8 x float>
  %v160 = fmul contract <8 x float> %v154, %v159
  %v161 = sub <8 x i32> %v155, %v156
  %v162 = add <8 x i32> %v161, splat (i32 127)
  %v163 = shl <8 x i32> %v162, splat (i32 23)
  %v164 = bitcast <8 x i32> %v163 to <8 x float>
  %v165 = fmul contract <8 x float> %v160, %v164
  %v166 = fadd contract <8 x float> splat (float 0x3FF0000000000000), %v165
  %v167 = fdiv contract <8 x float> splat (float 0x3FF0000000000000), %v166
  %v168 = getelementptr float, ptr %v120, i64 1
  %v169 = load float, ptr %v168, align 4
  %v170 = insertelement <8 x float> poison, float %v169, i32 0
  %v171 = shufflevector <8 x float> %v170, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v172 = fsub contract <8 x float> %v167, %v171
  %v173 = fmul contract <8 x float> %v172, %v172
  %v174 = fmul contract <8 x float> %v172, splat (float 0x3FE0000000000000)
  %v175 = fsub contract <8 x float> splat (float 0x3FF0000000000000), %v167
  %v176 = fmul contract <8 x float> %v167, %v175
  %v177 = fmul contract <8 x float> %v174, %v176
  %v178 = getelementptr float, ptr %v130, i64 1
  %v179 = extractelement <8 x float> %v177, i32 0
  store float %v179, ptr %v178, align 4
  %v180 = shufflevector <8 x float> %v78, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v181 = getelementptr float, ptr %scratch, i64 56
  %v182 = load float, ptr %v181, align 4
  %v183 = insertelement <8 x float> poison, float %v182, i32 0
  %v184 = shufflevector <8 x float> %v183, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v185 = fadd contract <8 x float> %v180, %v184
  %v186 = fneg <8 x float> %v185
  %v187 = fcmp ogt <8 x float> %v186, splat (float 0x4056400000000000)
  %v188 = select <8 x i1> %v187, <8 x float> splat (float 0x4056400000000000), <8 x float> %v186
  %v189 = fcmp olt <8 x float> %v188, splat (float 0xC05A000000000000)
  %v190 = select <8 x i1> %v189, <8 x float> splat (float 0xC05A000000000000), <8 x float> %v188
  %v191 = fmul contract <8 x float> %v190, splat (float 0x3FF7154760000000)
  %v192 = call <8 x float> @llvm.rint.v8f32(<8 x float> %v191)
  %v193 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v192, <8 x float> splat (float 0xBFE62E4000000000), <8 x float> %v190)
  %v194 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v192, <8 x float> splat (float 0xBEB7F7D1C0000000), <8 x float> %v193)
  %v195 = fmul contract <8 x float> %v194, %v194
  %v196 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3F2A057B40000000), <8 x float> %v194, <8 x float> splat (float 0x3F56D2D920000000))
  %v197 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3F811114C0000000), <8 x float> %v194, <8 x float> splat (float 0x3FA5554F40000000))
  %v198 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FC5555560000000), <8 x float> %v194, <8 x float> splat (float 0x3FE0000000000000))
  %v199 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v196, <8 x float> %v195, <8 x float> %v197)
  %v200 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v199, <8 x float> %v195, <8 x float> %v198)
  %v201 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v195, <8 x float> %v200, <8 x float> %v194)
  %v202 = fadd contract <8 x float> %v201, splat (float 0x3FF0000000000000)
  %v203 = fptosi <8 x float> %v192 to <8 x i32>
  %v204 = ashr <8 x i32> %v203, splat (i32 1)
  %v205 = add <8 x i32> %v204, splat (i32 127)
  %v206 = shl <8 x i32> %v205, splat (i32 23)
  %v207 = bitcast <8 x i32> %v206 to <8 x float>
  %v208 = fmul contract <8 x float> %v202, %v207
  %v209 = sub <8 x i32> %v203, %v204
  %v210 = add <8 x i32> %v209, splat (i32 127)
  %v211 = shl <8 x i32> %v210, splat (i32 23)
  %v212 = bitcast <8 x i32> %v211 to <8 x float>
  %v213 = fmul contract <8 x float> %v208, %v212
  %v214 = fadd contract <8 x float> splat (float 0x3FF0000000000000), %v213
  %v215 = fdiv contract <8 x float> splat (float 0x3FF0000000000000), %v214
  %v216 = getelementptr float, ptr %v120, i64 2
  %v217 = load float, ptr %v216, align 4
  %v218 = insertelement <8 x float> poison, float %v217, i32 0
  %v219 = shufflevector <8 x float> %v218, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v220 = fsub contract <8 x float> %v215, %v219
  %v221 = fmul contract <8 x float> %v220, %v220
  %v222 = fmul contract <8 x float> %v220, splat (float 0x3FE0000000000000)
  %v223 = fsub contract <8 x float> splat (float 0x3FF0000000000000), %v215
  %v224 = fmul contract <8 x float> %v215, %v223
  %v225 = fmul contract <8 x float> %v222, %v224
  %v226 = getelementptr float, ptr %v130, i64 2
  %v227 = extractelement <8 x float> %v225, i32 0
  store float %v227, ptr %v226, align 4
  %v228 = shufflevector <8 x float> %v83, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v229 = getelementptr float, ptr %scratch, i64 56
  %v230 = load float, ptr %v229, align 4
  %v231 = insertelement <8 x float> poison, float %v230, i32 0
  %v232 = shufflevector <8 x float> %v231, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v233 = fadd contract <8 x float> %v228, %v232
  %v234 = fneg <8 x float> %v233
  %v235 = fcmp ogt <8 x float> %v234, splat (float 0x4056400000000000)
  %v236 = select <8 x i1> %v235, <8 x float> splat (float 0x4056400000000000), <8 x float> %v234
  %v237 = fcmp olt <8 x float> %v236, splat (float 0xC05A000000000000)
  %v238 = select <8 x i1> %v237, <8 x float> splat (float 0xC05A000000000000), <8 x float> %v236
  %v239 = fmul contract <8 x float> %v238, splat (float 0x3FF7154760000000)
  %v240 = call <8 x float> @llvm.rint.v8f32(<8 x float> %v239)
  %v241 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v240, <8 x float> splat (float 0xBFE62E4000000000), <8 x float> %v238)
  %v242 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v240, <8 x float> splat (float 0xBEB7F7D1C0000000), <8 x float> %v241)
  %v243 = fmul contract <8 x float> %v242, %v242
  %v244 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3F2A057B40000000), <8 x float> %v242, <8 x float> splat (float 0x3F56D2D920000000))
  %v245 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3F811114C0000000), <8 x float> %v242, <8 x float> splat (float 0x3FA5554F40000000))
  %v246 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FC5555560000000), <8 x float> %v242, <8 x float> splat (float 0x3FE0000000000000))
  %v247 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v244, <8 x float> %v243, <8 x float> %v245)
  %v248 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v247, <8 x float> %v243, <8 x float> %v246)
  %v249 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v243, <8 x float> %v248, <8 x float> %v242)
  %v250 = fadd contract <8 x float> %v249, splat (float 0x3FF0000000000000)
  %v251 = fptosi <8 x float> %v240 to <8 x i32>
  %v252 = ashr <8 x i32> %v251, splat (i32 1)
  %v253 = add <8 x i32> %v252, splat (i32 127)
  %v254 = shl <8 x i32> %v253, splat (i32 23)
  %v255 = bitcast <8 x i32> %v254 to <8 x float>
  %v256 = fmul contract <8 x float> %v250, %v255
  %v257 = sub <8 x i32> %v251, %v252
  %v258 = add <8 x i32> %v257, splat (i32 127)
  %v259 = shl <8 x i32> %v258, splat (i32 23)
  %v260 = bitcast <8 x i32> %v259 to <8 x float>
  %v261 = fmul contract <8 x float> %v256, %v260
  %v262 = fadd contract <8 x float> splat (float 0x3FF0000000000000), %v261
  %v263 = fdiv contract <8 x float> splat (float 0x3FF0000000000000), %v262
  %v264 = getelementptr float, ptr %v120, i64 3
  %v265 = load float, ptr %v264, align 4
  %v266 = insertelement <8 x float> poison, float %v265, i32 0
  %v267 = shufflevector <8 x float> %v266, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v268 = fsub contract <8 x float> %v263, %v267
  %v269 = fmul contract <8 x float> %v268, %v268
  %v270 = fmul contract <8 x float> %v268, splat (float 0x3FE0000000000000)
  %v271 = fsub contract <8 x float> splat (float 0x3FF0000000000000), %v263
  %v272 = fmul contract <8 x float> %v263, %v271
  %v273 = fmul contract <8 x float> %v270, %v272
  %v274 = getelementptr float, ptr %v130, i64 3
  %v275 = extractelement <8 x float> %v273, i32 0
  store float %v275, ptr %v274, align 4
  %v276 = getelementptr float, ptr %scratch, i64 88
  %v277 = load <8 x float>, ptr %v276, align 4
  %v278 = fadd contract <8 x float> %v125, %v173
  %v279 = fadd contract <8 x float> %v221, %v269
  %v280 = fadd contract <8 x float> %v278, %v279
  %v281 = fadd contract <8 x float> %v277, %v280
  store <8 x float> %v281, ptr %v276, align 4
  %v282 = getelementptr float, ptr %scratch, i64 152
  %v283 = load <8 x float>, ptr %v282, align 4
  %v284 = fadd contract <8 x float> %v129, %v177
  %v285 = fadd contract <8 x float> %v225, %v273
  %v286 = fadd contract <8 x float> %v284, %v285
  %v287 = fadd contract <8 x float> %v283, %v286
  store <8 x float> %v287, ptr %v282, align 4
  %v288 = getelementptr float, ptr %scratch, i64 88
  %v289 = load <8 x float>, ptr %v288, align 4
  %v290 = fmul contract <8 x float> %v289, splat (float 0x3FD0000000000000)
  %v291 = getelementptr float, ptr %scratch, i64 104
  store <8 x float> %v290, ptr %v291, align 4
  %v292 = getelementptr float, ptr %scratch, i64 152
  %v293 = load <8 x float>, ptr %v292, align 4
  %v294 = fmul contract <8 x float> %v38, %v293
  %v295 = getelementptr float, ptr %scratch, i64 56
  %v296 = load <8 x float>, ptr %v295, align 4
  %v297 = fsub contract <8 x float> %v296, %v294
  store <8 x float> %v297, ptr %v295, align 4
  br label %loop298
loop298:
  %i298 = phi i64 [0, %after13], [%v322, %after299]
  br label %loop299
loop299:
  %i299 = phi i64 [0, %loop298], [%v309, %loop299]
  %c300 = phi float [0x0000000000000000, %loop298], [%v308, %loop299]
  %v301 = getelementptr float, ptr %scratch, i64 %i299
  %v302 = getelementptr float, ptr %v301, i64 120
  %v303 = load float, ptr %v302, align 4
  %v304 = mul i64 %i299, 8
  %v305 = getelementptr float, ptr %scratch, i64 %v304
  %v306 = getelementptr float, ptr %v305, i64 %i298
  %v307 = load float, ptr %v306, align 4
  %v308 = call float @llvm.fmuladd.f32(float %v303, float %v307, float %c300)
  %v309 = add i64 %i299, 1
  %v310 = icmp slt i64 %v309, 4
  br i1 %v310, label %loop299, label %after299
after299:
  %v311 = insertelement <8 x float> poison, float %v308, i32 0
  %v312 = shufflevector <8 x float> %v311, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v313 = fmul contract <8 x float> %v38, %v312
  %v314 = mul i64 %i298, 8
  %v315 = getelementptr float, ptr %scratch, i64 %v314
  %v316 = getelementptr float, ptr %v315, i64 40
  %v317 = load <8 x float>, ptr %v316, align 4
  %v318 = fsub contract <8 x float> %v317, %v313
  %v319 = mul i64 %i298, 8
  %v320 = getelementptr float, ptr %scratch, i64 %v319
  %v321 = getelementptr float, ptr %v320, i64 136
  store <8 x float> %v312, ptr %v321, align 4
  store <8 x float> %v318, ptr %v316, align 4
  %v322 = add i64 %i298, 1
  %v323 = icmp slt i64 %v322, 2
  br i1 %v323, label %loop298, label %after298
after298:
  %v324 = mul i64 %v12, 2
  %v325 = getelementptr double, ptr %norms, i64 %v324
  br label %loop326
loop326:
  %i326 = phi i64 [0, %after298], [%v334, %loop326]
  %c327 = phi <8 x float> [zeroinitializer, %after298], [%v333, %loop326]
  %v328 = mul i64 %i326, 8
  %v329 = getelementptr float, ptr %scratch, i64 %v328
  %v330 = getelementptr float, ptr %v329, i64 136
  %v331 = load <8 x float>, ptr %v330, align 4
  %v332 = select <8 x i1> <i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <8 x float> %v331, <8 x float> zeroinitializer
  %v333 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v332, <8 x float> %v332, <8 x float> %c327)
  %v334 = add i64 %i326, 1
  %v335 = icmp slt i64 %v334, 2
  br i1 %v335, label %loop326, label %after326
after326:
  %v336 = call reassoc float @llvm.vector.reduce.fadd.v8f32(float 0x8000000000000000, <8 x float> %v333)
  %v337 = call float @llvm.sqrt.f32(float %v336)
  %v338 = fpext float %v337 to double
  store double %v338, ptr %v325, align 8
  %v339 = mul i64 %v12, 2
  %v340 = getelementptr double, ptr %norms, i64 %v339
  %v341 = getelementptr double, ptr %v340, i64 1
  %v342 = getelementptr float, ptr %scratch, i64 152
  %v343 = load <8 x float>, ptr %v342, align 4
  %v344 = select <8 x i1> <i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <8 x float> %v343, <8 x float> zeroinitializer
  %v345 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v344, <8 x float> %v344, <8 x float> zeroinitializer)
  %v346 = call reassoc float @llvm.vector.reduce.fadd.v8f32(float 0x8000000000000000, <8 x float> %v345)
  %v347 = call float @llvm.sqrt.f32(float %v346)
  %v348 = fpext float %v347 to double
  store double %v348, ptr %v341, align 8
  %v349 = getelementptr float, ptr %scratch, i64 104
  %v350 = load float, ptr %v349, align 4
  %v351 = insertelement <8 x float> poison, float %v350, i32 0
  %v352 = shufflevector <8 x float> %v351, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v353 = extractelement <8 x float> %v352, i32 0
  %v354 = getelementptr double, ptr %losses, i64 %v12
  %v355 = fpext float %v353 to double
  store double %v355, ptr %v354, align 8
  %v356 = call float @llvm.fabs.f32(float %v353)
  %v357 = fcmp olt float %v356, 0x7FF0000000000000
  %v358 = add i64 %i11, 1
  %v359 = icmp slt i64 %v358, %count
  %v360 = and i1 %v359, %v357
  br i1 %v360, label %loop11, label %after11
after11:
  br label %loop361
loop361:
  %i361 = phi i64 [0, %after11], [%v367, %loop361]
  %v362 = mul i64 %i361, 8
  %v363 = getelementptr float, ptr %scratch, i64 %v362
  %v364 = getelementptr float, ptr %v363, i64 40
  %v365 = getelementptr float, ptr %leaf1, i64 %i361
  %v366 = load float, ptr %v364, align 4
  store float %v366, ptr %v365, align 4
  %v367 = add i64 %i361, 1
  %v368 = icmp slt i64 %v367, 2
  br i1 %v368, label %loop361, label %after361
after361:
  %v369 = getelementptr float, ptr %scratch, i64 56
  %v370 = load float, ptr %v369, align 4
  store float %v370, ptr %leaf2, align 4
  %v371 = add i64 %i11, 1
  ret i64 %v371
}
attributes #0 = { nounwind "stackrealign" "no-trapping-math"="true" "prefer-vector-width"="256" }
