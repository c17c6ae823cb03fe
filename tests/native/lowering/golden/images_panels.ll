declare <8 x float> @llvm.fmuladd.v8f32(<8 x float>, <8 x float>, <8 x float>)
declare float @llvm.fabs.f32(float)
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
define i64 @run(ptr noalias %leaf0, ptr noalias %leaf1, ptr noalias %order, ptr noalias %scalars, ptr noalias %losses, ptr noalias %norms, ptr noalias %scratch, ptr noalias %tables, i64 %first, i64 %count, i64 %thread) #0 {
entry:
  %v1 = getelementptr float, ptr %scratch, i64 368
  br label %loop2
loop2:
  %i2 = phi i64 [0, %entry], [%v6, %loop2]
  %v3 = getelementptr float, ptr %leaf1, i64 %i2
  %v4 = load <8 x float>, ptr %v3, align 4
  %v5 = getelementptr float, ptr %v1, i64 %i2
  store <8 x float> %v4, ptr %v5, align 4
  %v6 = add i64 %i2, 8
  %v7 = icmp slt i64 %v6, 72
  br i1 %v7, label %loop2, label %after2
after2:
  br label %loop8
loop8:
  %i8 = phi i64 [0, %after2], [%v25, %after19]
  %v9 = mul i64 %i8, 72
  %v10 = getelementptr float, ptr %scratch, i64 %v9
  %v11 = mul i64 %i8, 60
  %v12 = getelementptr float, ptr %leaf0, i64 %v11
  br label %loop13
loop13:
  %i13 = phi i64 [0, %loop8], [%v17, %loop13]
  %v14 = getelementptr float, ptr %v12, i64 %i13
  %v15 = load <8 x float>, ptr %v14, align 4
  %v16 = getelementptr float, ptr %v10, i64 %i13
  store <8 x float> %v15, ptr %v16, align 4
  %v17 = add i64 %i13, 8
  %v18 = icmp slt i64 %v17, 56
  br i1 %v18, label %loop13, label %after13
after13:
  br label %loop19
loop19:
  %i19 = phi i64 [56, %after13], [%v23, %loop19]
  %v20 = getelementptr float, ptr %v12, i64 %i19
  %v21 = load float, ptr %v20, align 4
  %v22 = getelementptr float, ptr %v10, i64 %i19
  store float %v21, ptr %v22, align 4
  %v23 = add i64 %i19, 1
  %v24 = icmp slt i64 %v23, 60
  br i1 %v24, label %loop19, label %after19
after19:
  %v25 = add i64 %i8, 1
  %v26 = icmp slt i64 %v25, 5
  br i1 %v26, label %loop8, label %after8
after8:
  br label %loop27
loop27:
  %i27 = phi i64 [0, %after8], [%v741, %after721]
  %v28 = add i64 %i27, %first
  %v29 = getelementptr double, ptr %scalars, i64 %v28
  %v30 = load double, ptr %v29, align 8
  %v31 = fptrunc double %v30 to float
  %v32 = insertelement <8 x float> poison, float %v31, i32 0
  %v33 = shufflevector <8 x float> %v32, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v34 = getelementptr float, ptr %scratch, i64 448
  br label %loop35
loop35:
  %i35 = phi i64 [0, %loop27], [%v51, %after36]
  br label %loop36
loop36:
  %i36 = phi i64 [0, %loop35], [%v49, %after37]
  br label %loop37
loop37:
  %i37 = phi i64 [0, %loop36], [%v47, %loop37]
  %v38 = add i64 %i35, %i37
  %v39 = getelementptr float, ptr %scratch, i64 %i35
  %v40 = mul i64 %i36, 72
  %v41 = getelementptr float, ptr %v39, i64 %v40
  %v42 = getelementptr float, ptr %v41, i64 %i37
  %v43 = mul i64 %v38, 8
  %v44 = getelementptr float, ptr %v34, i64 %v43
  %v45 = getelementptr float, ptr %v44, i64 %i36
  %v46 = load float, ptr %v42, align 4
  store float %v46, ptr %v45, align 4
  %v47 = add i64 %i37, 1
  %v48 = icmp slt i64 %v47, 8
  br i1 %v48, label %loop37, label %after37
after37:
  %v49 = add i64 %i36, 1
  %v50 = icmp slt i64 %v49, 5
  br i1 %v50, label %loop36, label %after36
after36:
  %v51 = add i64 %i35, 8
  %v52 = icmp slt i64 %v51, 56
  br i1 %v52, label %loop35, label %after35
after35:
  br label %loop53
loop53:
  %i53 = phi i64 [0, %after35], [%v66, %after54]
  br label %loop54
loop54:
  %i54 = phi i64 [0, %loop53], [%v64, %loop54]
  %v55 = mul i64 %i53, 72
  %v56 = getelementptr float, ptr %scratch, i64 %v55
  %v57 = getelementptr float, ptr %v56, i64 %i54
  %v58 = getelementptr float, ptr %v57, i64 56
  %v59 = mul i64 %i54, 8
  %v60 = getelementptr float, ptr %v34, i64 %v59
  %v61 = getelementptr float, ptr %v60, i64 %i53
  %v62 = getelementptr float, ptr %v61, i64 448
  %v63 = load float, ptr %v58, align 4
  store float %v63, ptr %v62, align 4
  %v64 = add i64 %i54, 1
  %v65 = icmp slt i64 %v64, 4
  br i1 %v65, label %loop54, label %after54
after54:
  %v66 = add i64 %i53, 1
  %v67 = icmp slt i64 %v66, 5
  br i1 %v67, label %loop53, label %after53
after53:
  br label %loop68
loop68:
  %i68 = phi i64 [0, %after53], [%v131, %after77]
  %v69 = getelementptr float, ptr %scratch, i64 448
  %v70 = getelementptr float, ptr %scratch, i64 368
  %v71 = getelementptr i64, ptr %tables, i64 %i68
  %v72 = getelementptr i64, ptr %v71, i64 8
  %v73 = load i64, ptr %v72, align 8
  %v74 = getelementptr i64, ptr %tables, i64 %i68
  %v75 = getelementptr i64, ptr %v74, i64 9
  %v76 = load i64, ptr %v75, align 8
  br label %loop77
loop77:
  %i77 = phi i64 [0, %loop68], [%v123, %after86]
  %c78 = phi <8 x float> [zeroinitializer, %loop68], [%v105, %after86]
  %c79 = phi <8 x float> [zeroinitializer, %loop68], [%v110, %after86]
  %c80 = phi <8 x float> [zeroinitializer, %loop68], [%v115, %after86]
  %c81 = phi <8 x float> [zeroinitializer, %loop68], [%v120, %after86]
  %v82 = mul i64 %i77, 240
  %v83 = getelementptr float, ptr %v69, i64 %v82
  %v84 = mul i64 %i77, 9
  %v85 = getelementptr float, ptr %v70, i64 %v84
  br label %loop86
loop86:
  %i86 = phi i64 [%v73, %loop77], [%v121, %loop86]
  %c87 = phi <8 x float> [%c78, %loop77], [%v105, %loop86]
  %c88 = phi <8 x float> [%c79, %loop77], [%v110, %loop86]
  %c89 = phi <8 x float> [%c80, %loop77], [%v115, %loop86]
  %c90 = phi <8 x float> [%c81, %loop77], [%v120, %loop86]
  %v91 = mul i64 %i86, 2
  %v92 = getelementptr i64, ptr %tables, i64 %v91
  %v93 = getelementptr i64, ptr %v92, i64 30
  %v94 = load i64, ptr %v93, align 8
  %v95 = mul i64 %i86, 2
  %v96 = getelementptr i64, ptr %tables, i64 %v95
  %v97 = getelementptr i64, ptr %v96, i64 31
  %v98 = load i64, ptr %v97, align 8
  %v99 = getelementptr float, ptr %v83, i64 %v94
  %v100 = getelementptr float, ptr %v85, i64 %v98
  %v101 = load <8 x float>, ptr %v99, align 4
  %v102 = load float, ptr %v100, align 4
  %v103 = insertelement <8 x float> poison, float %v102, i32 0
  %v104 = shufflevector <8 x float> %v103, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v105 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v104, <8 x float> %v101, <8 x float> %c87)
  %v106 = getelementptr float, ptr %v100, i64 18
  %v107 = load float, ptr %v106, align 4
  %v108 = insertelement <8 x float> poison, float %v107, i32 0
  %v109 = shufflevector <8 x float> %v108, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v110 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v109, <8 x float> %v101, <8 x float> %c88)
  %v111 = getelementptr float, ptr %v100, i64 36
  %v112 = load float, ptr %v111, align 4
  %v113 = insertelement <8 x float> poison, float %v112, i32 0
  %v114 = shufflevector <8 x float> %v113, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v115 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v114, <8 x float> %v101, <8 x float> %c89)
  %v116 = getelementptr float, ptr %v100, i64 54
  %v117 = load float, ptr %v116, align 4
  %v118 = insertelement <8 x float> poison, float %v117, i32 0
  %v119 = shufflevector <8 x float> %v118, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v120 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v119, <8 x float> %v101, <8 x float> %c90)
  %v121 = add i64 %i86, 1
  %v122 = icmp slt i64 %v121, %v76
  br i1 %v122, label %loop86, label %after86
after86:
  %v123 = add i64 %i77, 1
  %v124 = icmp slt i64 %v123, 2
  br i1 %v124, label %loop77, label %after77
after77:
  %v125 = mul i64 %i68, 8
  %v126 = getelementptr float, ptr %scratch, i64 %v125
  %v127 = getelementptr float, ptr %v126, i64 928
  store <8 x float> %v105, ptr %v127, align 4
  %v128 = getelementptr float, ptr %v127, i64 168
  store <8 x float> %v110, ptr %v128, align 4
  %v129 = getelementptr float, ptr %v127, i64 336
  store <8 x float> %v115, ptr %v129, align 4
  %v130 = getelementptr float, ptr %v127, i64 504
  store <8 x float> %v120, ptr %v130, align 4
  %v131 = add i64 %i68, 1
  %v132 = icmp slt i64 %v131, 21
  br i1 %v132, label %loop68, label %after68
after68:
  br label %loop133
loop133:
  %i133 = phi i64 [0, %after68], [%v190, %loop133]
  %v134 = mul i64 %i133, 4
  %v135 = getelementptr i64, ptr %tables, i64 %v134
  %v136 = getelementptr i64, ptr %v135, i64 270
  %v137 = load i64, ptr %v136, align 8
  %v138 = icmp sge i64 %v137, 0
  %v139 = select i1 %v138, i64 %v137, i64 0
  %v140 = mul i64 %v139, 8
  %v141 = getelementptr float, ptr %scratch, i64 %v140
  %v142 = getelementptr float, ptr %v141, i64 928
  %v143 = load <8 x float>, ptr %v142, align 4
  %v144 = select i1 %v138, <8 x float> %v143, <8 x float> splat (float 0xFFF0000000000000)
  %v145 = getelementptr i64, ptr %tables, i64 %v134
  %v146 = getelementptr i64, ptr %v145, i64 271
  %v147 = load i64, ptr %v146, align 8
  %v148 = icmp sge i64 %v147, 0
  %v149 = select i1 %v148, i64 %v147, i64 0
  %v150 = mul i64 %v149, 8
  %v151 = getelementptr float, ptr %scratch, i64 %v150
  %v152 = getelementptr float, ptr %v151, i64 928
  %v153 = load <8 x float>, ptr %v152, align 4
  %v154 = select i1 %v148, <8 x float> %v153, <8 x float> splat (float 0xFFF0000000000000)
  %v155 = fcmp uno <8 x float> %v144, %v144
  %v156 = fcmp ogt <8 x float> %v144, %v154
  %v157 = select <8 x i1> %v156, <8 x float> %v144, <8 x float> %v154
  %v158 = select <8 x i1> %v155, <8 x float> %v144, <8 x float> %v157
  %v159 = getelementptr i64, ptr %tables, i64 %v134
  %v160 = getelementptr i64, ptr %v159, i64 272
  %v161 = load i64, ptr %v160, align 8
  %v162 = icmp sge i64 %v161, 0
  %v163 = select i1 %v162, i64 %v161, i64 0
  %v164 = mul i64 %v163, 8
  %v165 = getelementptr float, ptr %scratch, i64 %v164
  %v166 = getelementptr float, ptr %v165, i64 928
  %v167 = load <8 x float>, ptr %v166, align 4
  %v168 = select i1 %v162, <8 x float> %v167, <8 x float> splat (float 0xFFF0000000000000)
  %v169 = fcmp uno <8 x float> %v158, %v158
  %v170 = fcmp ogt <8 x float> %v158, %v168
  %v171 = select <8 x i1> %v170, <8 x float> %v158, <8 x float> %v168
  %v172 = select <8 x i1> %v169, <8 x float> %v158, <8 x float> %v171
  %v173 = getelementptr i64, ptr %tables, i64 %v134
  %v174 = getelementptr i64, ptr %v173, i64 273
  %v175 = load i64, ptr %v174, align 8
  %v176 = icmp sge i64 %v175, 0
  %v177 = select i1 %v176, i64 %v175, i64 0
  %v178 = mul i64 %v177, 8
  %v179 = getelementptr float, ptr %scratch, i64 %v178
  %v180 = getelementptr float, ptr %v179, i64 928
  %v181 = load <8 x float>, ptr %v180, align 4
  %v182 = select i1 %v176, <8 x float> %v181, <8 x float> splat (float 0xFFF0000000000000)
  %v183 = fcmp uno <8 x float> %v172, %v172
  %v184 = fcmp ogt <8 x float> %v172, %v182
  %v185 = select <8 x i1> %v184, <8 x float> %v172, <8 x float> %v182
  %v186 = select <8 x i1> %v183, <8 x float> %v172, <8 x float> %v185
  %v187 = mul i64 %i133, 8
  %v188 = getelementptr float, ptr %scratch, i64 %v187
  %v189 = getelementptr float, ptr %v188, i64 1600
  store <8 x float> %v186, ptr %v189, align 4
  %v190 = add i64 %i133, 1
  %v191 = icmp slt i64 %v190, 128
  br i1 %v191, label %loop133, label %after133
after133:
  br label %loop192
loop192:
  %i192 = phi i64 [0, %after133], [%v227, %after193]
  br label %loop193
loop193:
  %i193 = phi i64 [0, %loop192], [%v225, %loop193]
  %v194 = mul i64 %i192, 256
  %v195 = getelementptr float, ptr %scratch, i64 %v194
  %v196 = mul i64 %i193, 8
  %v197 = getelementptr float, ptr %v195, i64 %v196
  %v198 = getelementptr float, ptr %v197, i64 1600
  %v199 = load <8 x float>, ptr %v198, align 4
  %v200 = load <8 x float>, ptr %v198, align 4
  %v201 = fmul contract <8 x float> %v199, %v200
  %v202 = mul i64 %i192, 256
  %v203 = getelementptr float, ptr %scratch, i64 %v202
  %v204 = mul i64 %i193, 8
  %v205 = getelementptr float, ptr %v203, i64 %v204
  %v206 = getelementptr float, ptr %v205, i64 2624
  store <8 x float> %v201, ptr %v206, align 4
  %v207 = getelementptr float, ptr %v198, i64 8
  %v208 = load <8 x float>, ptr %v207, align 4
  %v209 = getelementptr float, ptr %v198, i64 8
  %v210 = load <8 x float>, ptr %v209, align 4
  %v211 = fmul contract <8 x float> %v208, %v210
  %v212 = getelementptr float, ptr %v206, i64 8
  store <8 x float> %v211, ptr %v212, align 4
  %v213 = getelementptr float, ptr %v198, i64 16
  %v214 = load <8 x float>, ptr %v213, align 4
  %v215 = getelementptr float, ptr %v198, i64 16
  %v216 = load <8 x float>, ptr %v215, align 4
  %v217 = fmul contract <8 x float> %v214, %v216
  %v218 = getelementptr float, ptr %v206, i64 16
  store <8 x float> %v217, ptr %v218, align 4
  %v219 = getelementptr float, ptr %v198, i64 24
  %v220 = load <8 x float>, ptr %v219, align 4
  %v221 = getelementptr float, ptr %v198, i64 24
  %v222 = load <8 x float>, ptr %v221, align 4
  %v223 = fmul contract <8 x float> %v220, %v222
  %v224 = getelementptr float, ptr %v206, i64 24
  store <8 x float> %v223, ptr %v224, align 4
  %v225 = add i64 %i193, 4
  %v226 = icmp slt i64 %v225, 32
  br i1 %v226, label %loop193, label %after193
after193:
  %v227 = add i64 %i192, 1
  %v228 = icmp slt i64 %v227, 4
  br i1 %v228, label %loop192, label %after192
after192:
  %v229 = getelementptr i64, ptr %tables, i64 782
  %v230 = load i64, ptr %v229, align 8
  br label %loop231
loop231:
  %i231 = phi i64 [0, %after192], [%v243, %loop231]
  %c232 = phi <8 x float> [splat (float 0x0000000000000000), %after192], [%v242, %loop231]
  %v233 = getelementptr i64, ptr %tables, i64 %i231
  %v234 = getelementptr i64, ptr %v233, i64 783
  %v235 = load i64, ptr %v234, align 8
  %v236 = mul i64 %v230, 8
  %v237 = getelementptr float, ptr %scratch, i64 %v236
  %v238 = mul i64 %v235, 8
  %v239 = getelementptr float, ptr %v237, i64 %v238
  %v240 = getelementptr float, ptr %v239, i64 2624
  %v241 = load <8 x float>, ptr %v240, align 4
  %v242 = fadd contract <8 x float> %c232, %v241
  %v243 = add i64 %i231, 1
  %v244 = icmp slt i64 %v243, 128
  br i1 %v244, label %loop231, label %after231
after231:
  %v245 = getelementptr i64, ptr %tables, i64 911
  %v246 = load i64, ptr %v245, align 8
  %v247 = mul i64 %v246, 8
  %v248 = getelementptr float, ptr %scratch, i64 %v247
  %v249 = getelementptr float, ptr %v248, i64 3648
  store <8 x float> %v242, ptr %v249, align 4
  br label %loop250
loop250:
  %i250 = phi i64 [0, %after231], [%v370, %after251]
  br label %loop251
loop251:
  %i251 = phi i64 [0, %loop250], [%v368, %loop251]
  %v252 = mul i64 %i250, 256
  %v253 = getelementptr float, ptr %scratch, i64 %v252
  %v254 = mul i64 %i251, 8
  %v255 = getelementptr float, ptr %v253, i64 %v254
  %v256 = getelementptr float, ptr %v255, i64 1600
  %v257 = load <8 x float>, ptr %v256, align 4
  %v258 = fcmp ogt <8 x float> %v257, splat (float 0x40220A3D80000000)
  %v259 = select <8 x i1> %v258, <8 x float> splat (float 0x40220A3D80000000), <8 x float> %v257
  %v260 = fcmp olt <8 x float> %v259, splat (float 0xC0220A3D80000000)
  %v261 = select <8 x i1> %v260, <8 x float> splat (float 0xC0220A3D80000000), <8 x float> %v259
  %v262 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v261, <8 x float> splat (float 0x4007154760000000), <8 x float> splat (float 0x4168000FE0000000))
  %v263 = fsub contract <8 x float> %v262, splat (float 0x4168000FE0000000)
  %v264 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v263, <8 x float> splat (float 0xBFD62E4300000000), <8 x float> %v261)
  %v265 = fmul contract <8 x float> %v264, %v264
  %v266 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FC120B6E0000000), <8 x float> %v264, <8 x float> splat (float 0x3FD55551A0000000))
  %v267 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FE5554DC0000000), <8 x float> %v264, <8 x float> splat (float 0x3FF0000000000000))
  %v268 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FA6D110A0000000), <8 x float> %v265, <8 x float> %v266)
  %v269 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v268, <8 x float> %v265, <8 x float> %v267)
  %v270 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v265, <8 x float> %v269, <8 x float> %v264)
  %v271 = bitcast <8 x float> %v262 to <8 x i32>
  %v272 = shl <8 x i32> %v271, splat (i32 23)
  %v273 = bitcast <8 x i32> %v272 to <8 x float>
  %v274 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v273, <8 x float> splat (float 0x3FE0000000000000), <8 x float> splat (float 0xBFE0000000000000))
  %v275 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v270, <8 x float> %v273, <8 x float> %v274)
  %v276 = fadd contract <8 x float> %v275, splat (float 0x3FF0000000000000)
  %v277 = fdiv contract <8 x float> %v275, %v276
  %v278 = extractelement <8 x float> splat (float 0x3F847AE140000000), i32 0
  %v279 = insertelement <8 x float> poison, float %v278, i32 0
  %v280 = shufflevector <8 x float> %v279, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v281 = fmul contract <8 x float> %v277, %v280
  %v282 = mul i64 %i250, 256
  %v283 = getelementptr float, ptr %scratch, i64 %v282
  %v284 = mul i64 %i251, 8
  %v285 = getelementptr float, ptr %v283, i64 %v284
  %v286 = getelementptr float, ptr %v285, i64 3656
  store <8 x float> %v281, ptr %v286, align 4
  %v287 = getelementptr float, ptr %v256, i64 8
  %v288 = load <8 x float>, ptr %v287, align 4
  %v289 = fcmp ogt <8 x float> %v288, splat (float 0x40220A3D80000000)
  %v290 = select <8 x i1> %v289, <8 x float> splat (float 0x40220A3D80000000), <8 x float> %v288
  %v291 = fcmp olt <8 x float> %v290, splat (float 0xC0220A3D80000000)
  %v292 = select <8 x i1> %v291, <8 x float> splat (float 0xC0220A3D80000000), <8 x float> %v290
  %v293 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v292, <8 x float> splat (float 0x4007154760000000), <8 x float> splat (float 0x4168000FE0000000))
  %v294 = fsub contract <8 x float> %v293, splat (float 0x4168000FE0000000)
  %v295 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v294, <8 x float> splat (float 0xBFD62E4300000000), <8 x float> %v292)
  %v296 = fmul contract <8 x float> %v295, %v295
  %v297 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FC120B6E0000000), <8 x float> %v295, <8 x float> splat (float 0x3FD55551A0000000))
  %v298 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FE5554DC0000000), <8 x float> %v295, <8 x float> splat (float 0x3FF0000000000000))
  %v299 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FA6D110A0000000), <8 x float> %v296, <8 x float> %v297)
  %v300 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v299, <8 x float> %v296, <8 x float> %v298)
  %v301 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v296, <8 x float> %v300, <8 x float> %v295)
  %v302 = bitcast <8 x float> %v293 to <8 x i32>
  %v303 = shl <8 x i32> %v302, splat (i32 23)
  %v304 = bitcast <8 x i32> %v303 to <8 x float>
  %v305 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v304, <8 x float> splat (float 0x3FE0000000000000), <8 x float> splat (float 0xBFE0000000000000))
  %v306 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v301, <8 x float> %v304, <8 x float> %v305)
  %v307 = fadd contract <8 x float> %v306, splat (float 0x3FF0000000000000)
  %v308 = fdiv contract <8 x float> %v306, %v307
  %v309 = extractelement <8 x float> splat (float 0x3F847AE140000000), i32 0
  %v310 = insertelement <8 x float> poison, float %v309, i32 0
  %v311 = shufflevector <8 x float> %v310, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v312 = fmul contract <8 x float> %v308, %v311
  %v313 = getelementptr float, ptr %v286, i64 8
  store <8 x float> %v312, ptr %v313, align 4
  %v314 = getelementptr float, ptr %v256, i64 16
  %v315 = load <8 x float>, ptr %v314, align 4
  %v316 = fcmp ogt <8 x float> %v315, splat (float 0x40220A3D80000000)
  %v317 = select <8 x i1> %v316, <8 x float> splat (float 0x40220A3D80000000), <8 x float> %v315
  %v318 = fcmp olt <8 x float> %v317, splat (float 0xC0220A3D80000000)
  %v319 = select <8 x i1> %v318, <8 x float> splat (float 0xC0220A3D80000000), <8 x float> %v317
  %v320 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v319, <8 x float> splat (float 0x4007154760000000), <8 x float> splat (float 0x4168000FE0000000))
  %v321 = fsub contract <8 x float> %v320, splat (float 0x4168000FE0000000)
  %v322 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v321, <8 x float> splat (float 0xBFD62E4300000000), <8 x float> %v319)
  %v323 = fmul contract <8 x float> %v322, %v322
  %v324 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FC120B6E0000000), <8 x float> %v322, <8 x float> splat (float 0x3FD55551A0000000))
  %v325 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FE5554DC0000000), <8 x float> %v322, <8 x float> splat (float 0x3FF0000000000000))
  %v326 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FA6D110A0000000), <8 x float> %v323, <8 x float> %v324)
  %v327 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v326, <8 x float> %v323, <8 x float> %v325)
  %v328 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v323, <8 x float> %v327, <8 x float> %v322)
  %v329 = bitcast <8 x float> %v320 to <8 x i32>
  %v330 = shl <8 x i32> %v329, splat (i32 23)
  %v331 = bitcast <8 x i32> %v330 to <8 x float>
  %v332 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v331, <8 x float> splat (float 0x3FE0000000000000), <8 x float> splat (float 0xBFE0000000000000))
  %v333 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v328, <8 x float> %v331, <8 x float> %v332)
  %v334 = fadd contract <8 x float> %v333, splat (float 0x3FF0000000000000)
  %v335 = fdiv contract <8 x float> %v333, %v334
  %v336 = extractelement <8 x float> splat (float 0x3F847AE140000000), i32 0
  %v337 = insertelement <8 x float> poison, float %v336, i32 0
  %v338 = shufflevector <8 x float> %v337, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v339 = fmul contract <8 x float> %v335, %v338
  %v340 = getelementptr float, ptr %v286, i64 16
  store <8 x float> %v339, ptr %v340, align 4
  %v341 = getelementptr float, ptr %v256, i64 24
  %v342 = load <8 x float>, ptr %v341, align 4
  %v343 = fcmp ogt <8 x float> %v342, splat (float 0x40220A3D80000000)
  %v344 = select <8 x i1> %v343, <8 x float> splat (float 0x40220A3D80000000), <8 x float> %v342
  %v345 = fcmp olt <8 x float> %v344, splat (float 0xC0220A3D80000000)
  %v346 = select <8 x i1> %v345, <8 x float> splat (float 0xC0220A3D80000000), <8 x float> %v344
  %v347 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v346, <8 x float> splat (float 0x4007154760000000), <8 x float> splat (float 0x4168000FE0000000))
  %v348 = fsub contract <8 x float> %v347, splat (float 0x4168000FE0000000)
  %v349 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v348, <8 x float> splat (float 0xBFD62E4300000000), <8 x float> %v346)
  %v350 = fmul contract <8 x float> %v349, %v349
  %v351 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FC120B6E0000000), <8 x float> %v349, <8 x float> splat (float 0x3FD55551A0000000))
  %v352 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FE5554DC0000000), <8 x float> %v349, <8 x float> splat (float 0x3FF0000000000000))
  %v353 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> splat (float 0x3FA6D110A0000000), <8 x float> %v350, <8 x float> %v351)
  %v354 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v353, <8 x float> %v350, <8 x float> %v352)
  %v355 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v350, <8 x float> %v354, <8 x float> %v349)
  %v356 = bitcast <8 x float> %v347 to <8 x i32>
  %v357 = shl <8 x i32> %v356, splat (i32 23)
  %v358 = bitcast <8 x i32> %v357 to <8 x float>
  %v359 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v358, <8 x float> splat (float 0x3FE0000000000000), <8 x float> splat (float 0xBFE0000000000000))
  %v360 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v355, <8 x float> %v358, <8 x float> %v359)
  %v361 = fadd contract <8 x float> %v360, splat (float 0x3FF0000000000000)
  %v362 = fdiv contract <8 x float> %v360, %v361
  %v363 = extractelement <8 x float> splat (float 0x3F847AE140000000), i32 0
  %v364 = insertelement <8 x float> poison, float %v363, i32 0
  %v365 = shufflevector <8 x float> %v364, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v366 = fmul contract <8 x float> %v362, %v365
  %v367 = getelementptr float, ptr %v286, i64 24
  store <8 x float> %v366, ptr %v367, align 4
  %v368 = add i64 %i251, 4
  %v369 = icmp slt i64 %v368, 32
  br i1 %v369, label %loop251, label %after251
after251:
  %v370 = add i64 %i250, 1
  %v371 = icmp slt i64 %v370, 4
  br i1 %v371, label %loop250, label %after250
after250:
  br label %loop372
loop372:
  %i372 = phi i64 [0, %after250], [%v379, %loop372]
  %v373 = getelementptr i64, ptr %tables, i64 %i372
  %v374 = getelementptr i64, ptr %v373, i64 1424
  %v375 = load i64, ptr %v374, align 8
  %v376 = mul i64 %v375, 8
  %v377 = getelementptr float, ptr %scratch, i64 %v376
  %v378 = getelementptr float, ptr %v377, i64 4680
  store <8 x float> splat (float 0x0000000000000000), ptr %v378, align 4
  %v379 = add i64 %i372, 1
  %v380 = icmp slt i64 %v379, 84
  br i1 %v380, label %loop372, label %after372
after372:
  br label %loop381
loop381:
  %i381 = phi i64 [0, %after372], [%v536, %loop381]
  %v382 = mul i64 %i381, 4
  %v383 = getelementptr i64, ptr %tables, i64 %v382
  %v384 = getelementptr i64, ptr %v383, i64 912
  %v385 = load i64, ptr %v384, align 8
  %v386 = icmp sge i64 %v385, 0
  %v387 = select i1 %v386, i64 %v385, i64 0
  %v388 = mul i64 %v387, 8
  %v389 = getelementptr float, ptr %scratch, i64 %v388
  %v390 = getelementptr float, ptr %v389, i64 928
  %v391 = load <8 x float>, ptr %v390, align 4
  %v392 = select i1 %v386, <8 x float> %v391, <8 x float> splat (float 0xFFF0000000000000)
  %v393 = getelementptr i64, ptr %tables, i64 %v382
  %v394 = getelementptr i64, ptr %v393, i64 913
  %v395 = load i64, ptr %v394, align 8
  %v396 = icmp sge i64 %v395, 0
  %v397 = select i1 %v396, i64 %v395, i64 0
  %v398 = mul i64 %v397, 8
  %v399 = getelementptr float, ptr %scratch, i64 %v398
  %v400 = getelementptr float, ptr %v399, i64 928
  %v401 = load <8 x float>, ptr %v400, align 4
  %v402 = select i1 %v396, <8 x float> %v401, <8 x float> splat (float 0xFFF0000000000000)
  %v403 = fcmp uno <8 x float> %v392, %v392
  %v404 = fcmp ogt <8 x float> %v392, %v402
  %v405 = select <8 x i1> %v404, <8 x float> %v392, <8 x float> %v402
  %v406 = select <8 x i1> %v403, <8 x float> %v392, <8 x float> %v405
  %v407 = getelementptr i64, ptr %tables, i64 %v382
  %v408 = getelementptr i64, ptr %v407, i64 914
  %v409 = load i64, ptr %v408, align 8
  %v410 = icmp sge i64 %v409, 0
  %v411 = select i1 %v410, i64 %v409, i64 0
  %v412 = mul i64 %v411, 8
  %v413 = getelementptr float, ptr %scratch, i64 %v412
  %v414 = getelementptr float, ptr %v413, i64 928
  %v415 = load <8 x float>, ptr %v414, align 4
  %v416 = select i1 %v410, <8 x float> %v415, <8 x float> splat (float 0xFFF0000000000000)
  %v417 = fcmp uno <8 x float> %v406, %v406
  %v418 = fcmp ogt <8 x float> %v406, %v416
  %v419 = select <8 x i1> %v418, <8 x float> %v406, <8 x float> %v416
  %v420 = select <8 x i1> %v417, <8 x float> %v406, <8 x float> %v419
  %v421 = getelementptr i64, ptr %tables, i64 %v382
  %v422 = getelementptr i64, ptr %v421, i64 915
  %v423 = load i64, ptr %v422, align 8
  %v424 = icmp sge i64 %v423, 0
  %v425 = select i1 %v424, i64 %v423, i64 0
  %v426 = mul i64 %v425, 8
  %v427 = getelementptr float, ptr %scratch, i64 %v426
  %v428 = getelementptr float, ptr %v427, i64 928
  %v429 = load <8 x float>, ptr %v428, align 4
  %v430 = select i1 %v424, <8 x float> %v429, <8 x float> splat (float 0xFFF0000000000000)
  %v431 = fcmp uno <8 x float> %v420, %v420
  %v432 = fcmp ogt <8 x float> %v420, %v430
  %v433 = select <8 x i1> %v432, <8 x float> %v420, <8 x float> %v430
  %v434 = select <8 x i1> %v431, <8 x float> %v420, <8 x float> %v433
  %v435 = mul i64 %i381, 8
  %v436 = getelementptr float, ptr %scratch, i64 %v435
  %v437 = getelementptr float, ptr %v436, i64 3656
  %v438 = load <8 x float>, ptr %v437, align 4
  %v439 = mul i64 %i381, 4
  %v440 = getelementptr i64, ptr %tables, i64 %v439
  %v441 = getelementptr i64, ptr %v440, i64 912
  %v442 = load i64, ptr %v441, align 8
  %v443 = icmp sge i64 %v442, 0
  %v444 = select i1 %v443, i64 %v442, i64 0
  %v445 = mul i64 %v444, 8
  %v446 = getelementptr float, ptr %scratch, i64 %v445
  %v447 = getelementptr float, ptr %v446, i64 928
  %v448 = load <8 x float>, ptr %v447, align 4
  %v449 = select i1 %v443, <8 x float> %v448, <8 x float> splat (float 0xFFF0000000000000)
  %v450 = fcmp oeq <8 x float> %v449, %v434
  %v451 = fcmp uno <8 x float> %v449, %v449
  %v452 = or <8 x i1> %v450, %v451
  %v453 = select i1 %v443, <8 x i1> %v452, <8 x i1> splat (i1 false)
  %v454 = select i1 %v443, i64 %v442, i64 0
  %v455 = and <8 x i1> %v453, splat (i1 true)
  %v456 = select <8 x i1> %v455, <8 x float> %v438, <8 x float> splat (float 0x0000000000000000)
  %v457 = xor <8 x i1> %v453, splat (i1 true)
  %v458 = and <8 x i1> splat (i1 true), %v457
  %v459 = mul i64 %v454, 8
  %v460 = getelementptr float, ptr %scratch, i64 %v459
  %v461 = getelementptr float, ptr %v460, i64 4680
  %v462 = load <8 x float>, ptr %v461, align 4
  %v463 = fadd contract <8 x float> %v462, %v456
  store <8 x float> %v463, ptr %v461, align 4
  %v464 = getelementptr i64, ptr %tables, i64 %v439
  %v465 = getelementptr i64, ptr %v464, i64 913
  %v466 = load i64, ptr %v465, align 8
  %v467 = icmp sge i64 %v466, 0
  %v468 = select i1 %v467, i64 %v466, i64 0
  %v469 = mul i64 %v468, 8
  %v470 = getelementptr float, ptr %scratch, i64 %v469
  %v471 = getelementptr float, ptr %v470, i64 928
  %v472 = load <8 x float>, ptr %v471, align 4
  %v473 = select i1 %v467, <8 x float> %v472, <8 x float> splat (float 0xFFF0000000000000)
  %v474 = fcmp oeq <8 x float> %v473, %v434
  %v475 = fcmp uno <8 x float> %v473, %v473
  %v476 = or <8 x i1> %v474, %v475
  %v477 = select i1 %v467, <8 x i1> %v476, <8 x i1> splat (i1 false)
  %v478 = select i1 %v467, i64 %v466, i64 0
  %v479 = and <8 x i1> %v477, %v458
  %v480 = select <8 x i1> %v479, <8 x float> %v438, <8 x float> splat (float 0x0000000000000000)
  %v481 = xor <8 x i1> %v477, splat (i1 true)
  %v482 = and <8 x i1> %v458, %v481
  %v483 = mul i64 %v478, 8
  %v484 = getelementptr float, ptr %scratch, i64 %v483
  %v485 = getelementptr float, ptr %v484, i64 4680
  %v486 = load <8 x float>, ptr %v485, align 4
  %v487 = fadd contract <8 x float> %v486, %v480
  store <8 x float> %v487, ptr %v485, align 4
  %v488 = getelementptr i64, ptr %tables, i64 %v439
  %v489 = getelementptr i64, ptr %v488, i64 914
  %v490 = load i64, ptr %v489, align 8
  %v491 = icmp sge i64 %v490, 0
  %v492 = select i1 %v491, i64 %v490, i64 0
  %v493 = mul i64 %v492, 8
  %v494 = getelementptr float, ptr %scratch, i64 %v493
  %v495 = getelementptr float, ptr %v494, i64 928
  %v496 = load <8 x float>, ptr %v495, align 4
  %v497 = select i1 %v491, <8 x float> %v496, <8 x float> splat (float 0xFFF0000000000000)
  %v498 = fcmp oeq <8 x float> %v497, %v434
  %v499 = fcmp uno <8 x float> %v497, %v497
  %v500 = or <8 x i1> %v498, %v499
  %v501 = select i1 %v491, <8 x i1> %v500, <8 x i1> splat (i1 false)
  %v502 = select i1 %v491, i64 %v490, i64 0
  %v503 = and <8 x i1> %v501, %v482
  %v504 = select <8 x i1> %v503, <8 x float> %v438, <8 x float> splat (float 0x0000000000000000)
  %v505 = xor <8 x i1> %v501, splat (i1 true)
  %v506 = and <8 x i1> %v482, %v505
  %v507 = mul i64 %v502, 8
  %v508 = getelementptr float, ptr %scratch, i64 %v507
  %v509 = getelementptr float, ptr %v508, i64 4680
  %v510 = load <8 x float>, ptr %v509, align 4
  %v511 = fadd contract <8 x float> %v510, %v504
  store <8 x float> %v511, ptr %v509, align 4
  %v512 = getelementptr i64, ptr %tables, i64 %v439
  %v513 = getelementptr i64, ptr %v512, i64 915
  %v514 = load i64, ptr %v513, align 8
  %v515 = icmp sge i64 %v514, 0
  %v516 = select i1 %v515, i64 %v514, i64 0
  %v517 = mul i64 %v516, 8
  %v518 = getelementptr float, ptr %scratch, i64 %v517
  %v519 = getelementptr float, ptr %v518, i64 928
  %v520 = load <8 x float>, ptr %v519, align 4
  %v521 = select i1 %v515, <8 x float> %v520, <8 x float> splat (float 0xFFF0000000000000)
  %v522 = fcmp oeq <8 x float> %v521, %v434
  %v523 = fcmp uno <8 x float> %v521, %v521
  %v524 = or <8 x i1> %v522, %v523
  %v525 = select i1 %v515, <8 x i1> %v524, <8 x i1> splat (i1 false)
  %v526 = select i1 %v515, i64 %v514, i64 0
  %v527 = and <8 x i1> %v525, %v506
  %v528 = select <8 x i1> %v527, <8 x float> %v438, <8 x float> splat (float 0x0000000000000000)
  %v529 = xor <8 x i1> %v525, splat (i1 true)
  %v530 = and <8 x i1> %v506, %v529
  %v531 = mul i64 %v526, 8
  %v532 = getelementptr float, ptr %scratch, i64 %v531
  %v533 = getelementptr float, ptr %v532, i64 4680
  %v534 = load <8 x float>, ptr %v533, align 4
  %v535 = fadd contract <8 x float> %v534, %v528
  store <8 x float> %v535, ptr %v533, align 4
  %v536 = add i64 %i381, 1
  %v537 = icmp slt i64 %v536, 128
  br i1 %v537, label %loop381, label %after381
after381:
  br label %loop538
loop538:
  %i538 = phi i64 [0, %after381], [%v593, %after547]
  %v539 = getelementptr float, ptr %scratch, i64 4680
  %v540 = getelementptr float, ptr %scratch, i64 368
  %v541 = getelementptr i64, ptr %tables, i64 %i538
  %v542 = getelementptr i64, ptr %v541, i64 1508
  %v543 = load i64, ptr %v542, align 8
  %v544 = getelementptr i64, ptr %tables, i64 %i538
  %v545 = getelementptr i64, ptr %v544, i64 1509
  %v546 = load i64, ptr %v545, align 8
  br label %loop547
loop547:
  %i547 = phi i64 [0, %loop538], [%v579, %after554]
  %c548 = phi <8 x float> [zeroinitializer, %loop538], [%v571, %after554]
  %c549 = phi <8 x float> [zeroinitializer, %loop538], [%v576, %after554]
  %v550 = mul i64 %i547, 168
  %v551 = getelementptr float, ptr %v539, i64 %v550
  %v552 = mul i64 %i547, 18
  %v553 = getelementptr float, ptr %v540, i64 %v552
  br label %loop554
loop554:
  %i554 = phi i64 [%v543, %loop547], [%v577, %loop554]
  %c555 = phi <8 x float> [%c548, %loop547], [%v571, %loop554]
  %c556 = phi <8 x float> [%c549, %loop547], [%v576, %loop554]
  %v557 = mul i64 %i554, 2
  %v558 = getelementptr i64, ptr %tables, i64 %v557
  %v559 = getelementptr i64, ptr %v558, i64 1539
  %v560 = load i64, ptr %v559, align 8
  %v561 = mul i64 %i554, 2
  %v562 = getelementptr i64, ptr %tables, i64 %v561
  %v563 = getelementptr i64, ptr %v562, i64 1540
  %v564 = load i64, ptr %v563, align 8
  %v565 = getelementptr float, ptr %v551, i64 %v560
  %v566 = getelementptr float, ptr %v553, i64 %v564
  %v567 = load <8 x float>, ptr %v565, align 4
  %v568 = load float, ptr %v566, align 4
  %v569 = insertelement <8 x float> poison, float %v568, i32 0
  %v570 = shufflevector <8 x float> %v569, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v571 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v570, <8 x float> %v567, <8 x float> %c555)
  %v572 = getelementptr float, ptr %v566, i64 9
  %v573 = load float, ptr %v572, align 4
  %v574 = insertelement <8 x float> poison, float %v573, i32 0
  %v575 = shufflevector <8 x float> %v574, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v576 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v575, <8 x float> %v567, <8 x float> %c556)
  %v577 = add i64 %i554, 1
  %v578 = icmp slt i64 %v577, %v546
  br i1 %v578, label %loop554, label %after554
after554:
  %v579 = add i64 %i547, 1
  %v580 = icmp slt i64 %v579, 4
  br i1 %v580, label %loop547, label %after547
after547:
  %v581 = mul i64 %i538, 8
  %v582 = getelementptr float, ptr %scratch, i64 %v581
  %v583 = getelementptr float, ptr %v582, i64 448
  %v584 = load <8 x float>, ptr %v583, align 4
  %v585 = fadd contract <8 x float> %v584, %v571
  %v586 = mul i64 %i538, 8
  %v587 = getelementptr float, ptr %scratch, i64 %v586
  %v588 = getelementptr float, ptr %v587, i64 5352
  store <8 x float> %v585, ptr %v588, align 4
  %v589 = getelementptr float, ptr %v583, i64 240
  %v590 = load <8 x float>, ptr %v589, align 4
  %v591 = fadd contract <8 x float> %v590, %v576
  %v592 = getelementptr float, ptr %v588, i64 240
  store <8 x float> %v591, ptr %v592, align 4
  %v593 = add i64 %i538, 1
  %v594 = icmp slt i64 %v593, 30
  br i1 %v594, label %loop538, label %after538
after538:
  %v595 = getelementptr i64, ptr %tables, i64 1779
  %v596 = load i64, ptr %v595, align 8
  %v597 = mul i64 %v596, 8
  %v598 = getelementptr float, ptr %scratch, i64 %v597
  %v599 = getelementptr float, ptr %v598, i64 3648
  %v600 = load <8 x float>, ptr %v599, align 4
  %v601 = select <8 x i1> <i1 true, i1 true, i1 true, i1 true, i1 true, i1 false, i1 false, i1 false>, <8 x float> %v600, <8 x float> splat (float 0x0000000000000000)
  %v602 = fadd contract <8 x float> splat (float 0x0000000000000000), %v601
  %v603 = call reassoc float @llvm.vector.reduce.fadd.v8f32(float 0x8000000000000000, <8 x float> %v602)
  %v604 = getelementptr i64, ptr %tables, i64 1780
  %v605 = load i64, ptr %v604, align 8
  %v606 = getelementptr float, ptr %scratch, i64 %v605
  %v607 = getelementptr float, ptr %v606, i64 5912
  store float %v603, ptr %v607, align 4
  %v608 = getelementptr float, ptr %scratch, i64 5912
  %v609 = load <8 x float>, ptr %v608, align 4
  %v610 = fmul contract <8 x float> %v609, splat (float 0x3FC99999A0000000)
  %v611 = getelementptr float, ptr %scratch, i64 5928
  store <8 x float> %v610, ptr %v611, align 4
  br label %loop612
loop612:
  %i612 = phi i64 [0, %after538], [%v616, %loop612]
  %v613 = mul i64 %i612, 8
  %v614 = getelementptr float, ptr %scratch, i64 %v613
  %v615 = getelementptr float, ptr %v614, i64 5944
  store <8 x float> zeroinitializer, ptr %v615, align 4
  %v616 = add i64 %i612, 1
  %v617 = icmp slt i64 %v616, 72
  br i1 %v617, label %loop612, label %after612
after612:
  br label %loop618
loop618:
  %i618 = phi i64 [0, %after612], [%v709, %after625]
  %v619 = getelementptr i64, ptr %tables, i64 %i618
  %v620 = getelementptr i64, ptr %v619, i64 1781
  %v621 = load i64, ptr %v620, align 8
  %v622 = getelementptr i64, ptr %tables, i64 %i618
  %v623 = getelementptr i64, ptr %v622, i64 1782
  %v624 = load i64, ptr %v623, align 8
  br label %loop625
loop625:
  %i625 = phi i64 [%v621, %loop618], [%v707, %after661]
  %v626 = mul i64 %i625, 4
  %v627 = getelementptr i64, ptr %tables, i64 %v626
  %v628 = getelementptr i64, ptr %v627, i64 1785
  %v629 = load i64, ptr %v628, align 8
  %v630 = getelementptr i64, ptr %tables, i64 %v626
  %v631 = getelementptr i64, ptr %v630, i64 1786
  %v632 = load i64, ptr %v631, align 8
  %v633 = getelementptr i64, ptr %tables, i64 %v626
  %v634 = getelementptr i64, ptr %v633, i64 1787
  %v635 = load i64, ptr %v634, align 8
  %v636 = getelementptr i64, ptr %tables, i64 %v626
  %v637 = getelementptr i64, ptr %v636, i64 1788
  %v638 = load i64, ptr %v637, align 8
  %v639 = getelementptr float, ptr %scratch, i64 4680
  %v640 = getelementptr float, ptr %v639, i64 %v632
  %v641 = getelementptr float, ptr %scratch, i64 5352
  %v642 = getelementptr float, ptr %v641, i64 %v635
  %v643 = mul i64 %v629, 8
  %v644 = getelementptr float, ptr %scratch, i64 %v643
  %v645 = getelementptr float, ptr %v644, i64 5944
  %v646 = load <8 x float>, ptr %v645, align 4
  %v647 = getelementptr float, ptr %v645, i64 72
  %v648 = load <8 x float>, ptr %v647, align 4
  %v649 = getelementptr float, ptr %v645, i64 144
  %v650 = load <8 x float>, ptr %v649, align 4
  %v651 = getelementptr float, ptr %v645, i64 216
  %v652 = load <8 x float>, ptr %v651, align 4
  %v653 = getelementptr float, ptr %v645, i64 288
  %v654 = load <8 x float>, ptr %v653, align 4
  %v655 = getelementptr float, ptr %v645, i64 360
  %v656 = load <8 x float>, ptr %v655, align 4
  %v657 = getelementptr float, ptr %v645, i64 432
  %v658 = load <8 x float>, ptr %v657, align 4
  %v659 = getelementptr float, ptr %v645, i64 504
  %v660 = load <8 x float>, ptr %v659, align 4
  br label %loop661
loop661:
  %i661 = phi i64 [0, %loop625], [%v698, %loop661]
  %c662 = phi <8 x float> [%v646, %loop625], [%v681, %loop661]
  %c663 = phi <8 x float> [%v648, %loop625], [%v682, %loop661]
  %c664 = phi <8 x float> [%v650, %loop625], [%v686, %loop661]
  %c665 = phi <8 x float> [%v652, %loop625], [%v687, %loop661]
  %c666 = phi <8 x float> [%v654, %loop625], [%v691, %loop661]
  %c667 = phi <8 x float> [%v656, %loop625], [%v692, %loop661]
  %c668 = phi <8 x float> [%v658, %loop625], [%v696, %loop661]
  %c669 = phi <8 x float> [%v660, %loop625], [%v697, %loop661]
  %v670 = mul i64 %i661, 8
  %v671 = getelementptr float, ptr %v640, i64 %v670
  %v672 = mul i64 %i661, 8
  %v673 = getelementptr float, ptr %v642, i64 %v672
  %v674 = load <8 x float>, ptr %v673, align 4
  %v675 = select <8 x i1> <i1 true, i1 true, i1 true, i1 true, i1 true, i1 false, i1 false, i1 false>, <8 x float> %v674, <8 x float> zeroinitializer
  %v676 = getelementptr float, ptr %v673, i64 240
  %v677 = load <8 x float>, ptr %v676, align 4
  %v678 = select <8 x i1> <i1 true, i1 true, i1 true, i1 true, i1 true, i1 false, i1 false, i1 false>, <8 x float> %v677, <8 x float> zeroinitializer
  %v679 = load <8 x float>, ptr %v671, align 4
  %v680 = select <8 x i1> <i1 true, i1 true, i1 true, i1 true, i1 true, i1 false, i1 false, i1 false>, <8 x float> %v679, <8 x float> zeroinitializer
  %v681 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v680, <8 x float> %v675, <8 x float> %c662)
  %v682 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v680, <8 x float> %v678, <8 x float> %c663)
  %v683 = getelementptr float, ptr %v671, i64 168
  %v684 = load <8 x float>, ptr %v683, align 4
  %v685 = select <8 x i1> <i1 true, i1 true, i1 true, i1 true, i1 true, i1 false, i1 false, i1 false>, <8 x float> %v684, <8 x float> zeroinitializer
  %v686 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v685, <8 x float> %v675, <8 x float> %c664)
  %v687 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v685, <8 x float> %v678, <8 x float> %c665)
  %v688 = getelementptr float, ptr %v671, i64 336
  %v689 = load <8 x float>, ptr %v688, align 4
  %v690 = select <8 x i1> <i1 true, i1 true, i1 true, i1 true, i1 true, i1 false, i1 false, i1 false>, <8 x float> %v689, <8 x float> zeroinitializer
  %v691 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v690, <8 x float> %v675, <8 x float> %c666)
  %v692 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v690, <8 x float> %v678, <8 x float> %c667)
  %v693 = getelementptr float, ptr %v671, i64 504
  %v694 = load <8 x float>, ptr %v693, align 4
  %v695 = select <8 x i1> <i1 true, i1 true, i1 true, i1 true, i1 true, i1 false, i1 false, i1 false>, <8 x float> %v694, <8 x float> zeroinitializer
  %v696 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v695, <8 x float> %v675, <8 x float> %c668)
  %v697 = call <8 x float> @llvm.fmuladd.v8f32(<8 x float> %v695, <8 x float> %v678, <8 x float> %c669)
  %v698 = add i64 %i661, 1
  %v699 = icmp slt i64 %v698, %v638
  br i1 %v699, label %loop661, label %after661
after661:
  store <8 x float> %v681, ptr %v645, align 4
  %v700 = getelementptr float, ptr %v645, i64 72
  store <8 x float> %v682, ptr %v700, align 4
  %v701 = getelementptr float, ptr %v645, i64 144
  store <8 x float> %v686, ptr %v701, align 4
  %v702 = getelementptr float, ptr %v645, i64 216
  store <8 x float> %v687, ptr %v702, align 4
  %v703 = getelementptr float, ptr %v645, i64 288
  store <8 x float> %v691, ptr %v703, align 4
  %v704 = getelementptr float, ptr %v645, i64 360
  store <8 x float> %v692, ptr %v704, align 4
  %v705 = getelementptr float, ptr %v645, i64 432
  store <8 x float> %v696, ptr %v705, align 4
  %v706 = getelementptr float, ptr %v645, i64 504
  store <8 x float> %v697, ptr %v706, align 4
  %v707 = add i64 %i625, 1
  %v708 = icmp slt i64 %v707, %v624
  br i1 %v708, label %loop625, label %after625
after625:
  %v709 = add i64 %i618, 1
  %v710 = icmp slt i64 %v709, 3
  br i1 %v710, label %loop618, label %after618
after618:
  br label %loop711
loop711:
  %i711 = phi i64 [0, %after618], [%v719, %loop711]
  %v712 = mul i64 %i711, 8
  %v713 = getelementptr float, ptr %scratch, i64 %v712
  %v714 = getelementptr float, ptr %v713, i64 5944
  %v715 = load <8 x float>, ptr %v714, align 4
  %v716 = call reassoc float @llvm.vector.reduce.fadd.v8f32(float 0x8000000000000000, <8 x float> %v715)
  %v717 = getelementptr float, ptr %scratch, i64 %i711
  %v718 = getelementptr float, ptr %v717, i64 5832
  store float %v716, ptr %v718, align 4
  %v719 = add i64 %i711, 1
  %v720 = icmp slt i64 %v719, 72
  br i1 %v720, label %loop711, label %after711
after711:
  br label %loop721
loop721:
  %i721 = phi i64 [0, %after711], [%v730, %loop721]
  %v722 = getelementptr float, ptr %scratch, i64 %i721
  %v723 = getelementptr float, ptr %v722, i64 5832
  %v724 = load <8 x float>, ptr %v723, align 4
  %v725 = fmul contract <8 x float> %v33, %v724
  %v726 = getelementptr float, ptr %scratch, i64 %i721
  %v727 = getelementptr float, ptr %v726, i64 368
  %v728 = load <8 x float>, ptr %v727, align 4
  %v729 = fsub contract <8 x float> %v728, %v725
  store <8 x float> %v729, ptr %v727, align 4
  %v730 = add i64 %i721, 8
  %v731 = icmp slt i64 %v730, 72
  br i1 %v731, label %loop721, label %after721
after721:
  %v732 = getelementptr float, ptr %scratch, i64 5928
  %v733 = load float, ptr %v732, align 4
  %v734 = insertelement <8 x float> poison, float %v733, i32 0
  %v735 = shufflevector <8 x float> %v734, <8 x float> poison, <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %v736 = extractelement <8 x float> %v735, i32 0
  %v737 = getelementptr double, ptr %losses, i64 %v28
  %v738 = fpext float %v736 to double
  store double %v738, ptr %v737, align 8
  %v739 = call float @llvm.fabs.f32(float %v736)
  %v740 = fcmp olt float %v739, 0x7FF0000000000000
  %v741 = add i64 %i27, 1
  %v742 = icmp slt i64 %v741, %count
  %v743 = and i1 %v742, %v740
  br i1 %v743, label %loop27, label %after27
after27:
  %v744 = getelementptr float, ptr %scratch, i64 368
  br label %loop745
loop745:
  %i745 = phi i64 [0, %after27], [%v749, %loop745]
  %v746 = getelementptr float, ptr %v744, i64 %i745
  %v747 = load <8 x float>, ptr %v746, align 4
  %v748 = getelementptr float, ptr %leaf1, i64 %i745
  store <8 x float> %v747, ptr %v748, align 4
  %v749 = add i64 %i745, 8
  %v750 = icmp slt i64 %v749, 72
  br i1 %v750, label %loop745, label %after745
after745:
  %v751 = add i64 %i27, 1
  ret i64 %v751
}
attributes #0 = { nounwind "stackrealign" "no-trapping-math"="true" "prefer-vector-width"="256" }
