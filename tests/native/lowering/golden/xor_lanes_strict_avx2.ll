declare <4 x double> @llvm.fmuladd.v4f64(<4 x double>, <4 x double>, <4 x double>)
declare <4 x double> @llvm.rint.v4f64(<4 x double>)
declare double @llvm.fabs.f64(double)
declare double @llvm.vector.reduce.fadd.v4f64(double, <4 x double>)
define i64 @run(ptr noalias %leaf0, ptr noalias %leaf1, ptr noalias %leaf2, ptr noalias %leaf3, ptr noalias %order, ptr noalias %scalars, ptr noalias %losses, ptr noalias %norms, ptr noalias %scratch, ptr noalias %tables, i64 %first, i64 %count) #0 {
entry:
  %v1 = load double, ptr %leaf1, align 8
  %v2 = insertelement <4 x double> zeroinitializer, double %v1, i32 0
  %v3 = getelementptr double, ptr %leaf1, i64 1
  %v4 = load double, ptr %v3, align 8
  %v5 = insertelement <4 x double> %v2, double %v4, i32 1
  %v6 = load double, ptr %leaf2, align 8
  %v7 = insertelement <4 x double> %v5, double %v6, i32 2
  br label %loop8
loop8:
  %i8 = phi i64 [0, %entry], [%v106, %after10]
  %c31 = phi <4 x double> [%v7, %entry], [%v101, %after10]
  %v9 = add i64 %i8, %first
  br label %loop10
loop10:
  %i10 = phi i64 [0, %loop8], [%v29, %after15]
  %v11 = mul i64 %v9, 4
  %v12 = add i64 %v11, %i10
  %v13 = getelementptr i64, ptr %order, i64 %v12
  %v14 = load i64, ptr %v13, align 8
  br label %loop15
loop15:
  %i15 = phi i64 [0, %loop10], [%v23, %loop15]
  %v16 = mul i64 %v14, 2
  %v17 = getelementptr double, ptr %leaf0, i64 %v16
  %v18 = getelementptr double, ptr %v17, i64 %i15
  %v19 = load double, ptr %v18, align 8
  %v20 = mul i64 %i15, 4
  %v21 = getelementptr double, ptr %scratch, i64 %v20
  %v22 = getelementptr double, ptr %v21, i64 %i10
  store double %v19, ptr %v22, align 8
  %v23 = add i64 %i15, 1
  %v24 = icmp slt i64 %v23, 2
  br i1 %v24, label %loop15, label %after15
after15:
  %v25 = getelementptr double, ptr %leaf3, i64 %v14
  %v26 = load double, ptr %v25, align 8
  %v27 = getelementptr double, ptr %scratch, i64 %i10
  %v28 = getelementptr double, ptr %v27, i64 8
  store double %v26, ptr %v28, align 8
  %v29 = add i64 %i10, 1
  %v30 = icmp slt i64 %v29, 4
  br i1 %v30, label %loop10, label %after10
after10:
  %v32 = shufflevector <4 x double> %c31, <4 x double> poison, <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %v33 = shufflevector <4 x double> %c31, <4 x double> poison, <4 x i32> <i32 1, i32 1, i32 1, i32 1>
  %v34 = shufflevector <4 x double> %c31, <4 x double> poison, <4 x i32> <i32 2, i32 2, i32 2, i32 2>
  %v35 = getelementptr double, ptr %scalars, i64 %v9
  %v36 = load double, ptr %v35, align 8
  %v37 = insertelement <4 x double> poison, double %v36, i32 0
  %v38 = shufflevector <4 x double> %v37, <4 x double> poison, <4 x i32> <i32 0, i32 0, i32 0, i32 0>
  %v39 = load <4 x double>, ptr %scratch, align 8
  %v40 = getelementptr double, ptr %scratch, i64 4
  %v41 = load <4 x double>, ptr %v40, align 8
  %v42 = getelementptr double, ptr %scratch, i64 8
  %v43 = load <4 x double>, ptr %v42, align 8
  %v44 = fmul <4 x double> %v32, %v39
  %v45 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> %v33, <4 x double> %v41, <4 x double> %v44)
  %v46 = fadd <4 x double> %v45, %v34
  %v47 = fneg <4 x double> %v46
  %v48 = fcmp ogt <4 x double> %v47, splat (double 0x4086300000000000)
  %v49 = select <4 x i1> %v48, <4 x double> splat (double 0x4086300000000000), <4 x double> %v47
  %v50 = fcmp olt <4 x double> %v49, splat (double 0xC087500000000000)
  %v51 = select <4 x i1> %v50, <4 x double> splat (double 0xC087500000000000), <4 x double> %v49
  %v52 = fmul <4 x double> %v51, splat (double 0x3FF71547652B82FE)
  %v53 = call <4 x double> @llvm.rint.v4f64(<4 x double> %v52)
  %v54 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> %v53, <4 x double> splat (double 0xBFE62E42FEFA3000), <4 x double> %v51)
  %v55 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> %v53, <4 x double> splat (double 0xBD53DE6AF278ECE6), <4 x double> %v54)
  %v56 = fmul <4 x double> %v55, %v55
  %v57 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> splat (double 0x3E5AF68A28CC800A), <4 x double> %v55, <4 x double> splat (double 0x3E927E52E0FCD573))
  %v58 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> splat (double 0x3EC71DDF1629E6CE), <4 x double> %v55, <4 x double> splat (double 0x3EFA01A01780879E))
  %v59 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> splat (double 0x3F2A01A01B3603F5), <4 x double> %v55, <4 x double> splat (double 0x3F56C16C16C20BA0))
  %v60 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> splat (double 0x3F8111111110EB39), <4 x double> %v55, <4 x double> splat (double 0x3FA555555555553E))
  %v61 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> splat (double 0x3FC555555555555C), <4 x double> %v55, <4 x double> splat (double 0x3FE0000000000000))
  %v62 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> splat (double 0x3E21F0E4C4ECD775), <4 x double> %v56, <4 x double> %v57)
  %v63 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> %v62, <4 x double> %v56, <4 x double> %v58)
  %v64 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> %v63, <4 x double> %v56, <4 x double> %v59)
  %v65 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> %v64, <4 x double> %v56, <4 x double> %v60)
  %v66 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> %v65, <4 x double> %v56, <4 x double> %v61)
  %v67 = call <4 x double> @llvm.fmuladd.v4f64(<4 x double> %v56, <4 x double> %v66, <4 x double> %v55)
  %v68 = fadd <4 x double> %v67, splat (double 0x3FF0000000000000)
  %v69 = fptosi <4 x double> %v53 to <4 x i64>
  %v70 = ashr <4 x i64> %v69, splat (i64 1)
  %v71 = add <4 x i64> %v70, splat (i64 1023)
  %v72 = shl <4 x i64> %v71, splat (i64 52)
  %v73 = bitcast <4 x i64> %v72 to <4 x double>
  %v74 = fmul <4 x double> %v68, %v73
  %v75 = sub <4 x i64> %v69, %v70
  %v76 = add <4 x i64> %v75, splat (i64 1023)
  %v77 = shl <4 x i64> %v76, splat (i64 52)
  %v78 = bitcast <4 x i64> %v77 to <4 x double>
  %v79 = fmul <4 x double> %v74, %v78
  %v80 = fadd <4 x double> splat (double 0x3FF0000000000000), %v79
  %v81 = fdiv <4 x double> splat (double 0x3FF0000000000000), %v80
  %v82 = fsub <4 x double> %v81, %v43
  %v83 = fmul <4 x double> %v82, %v82
  %v84 = fmul <4 x double> %v82, splat (double 0x3FE0000000000000)
  %v85 = fsub <4 x double> splat (double 0x3FF0000000000000), %v81
  %v86 = fmul <4 x double> %v81, %v85
  %v87 = fmul <4 x double> %v84, %v86
  %v88 = call double @llvm.vector.reduce.fadd.v4f64(double 0x0000000000000000, <4 x double> %v83)
  %v89 = fmul <4 x double> %v87, %v39
  %v90 = fmul <4 x double> %v87, %v41
  %v91 = call double @llvm.vector.reduce.fadd.v4f64(double 0x0000000000000000, <4 x double> %v89)
  %v92 = call double @llvm.vector.reduce.fadd.v4f64(double 0x0000000000000000, <4 x double> %v90)
  %v93 = call double @llvm.vector.reduce.fadd.v4f64(double 0x0000000000000000, <4 x double> %v87)
  %v94 = insertelement <4 x double> zeroinitializer, double %v91, i32 0
  %v95 = insertelement <4 x double> %v94, double %v92, i32 1
  %v96 = insertelement <4 x double> %v95, double %v93, i32 2
  %v97 = insertelement <4 x double> %v96, double %v88, i32 3
  %v98 = shufflevector <4 x double> %v97, <4 x double> poison, <4 x i32> <i32 3, i32 3, i32 3, i32 3>
  %v99 = fmul <4 x double> %v98, splat (double 0x3FD0000000000000)
  %v100 = fmul <4 x double> %v38, %v97
  %v101 = fsub <4 x double> %c31, %v100
  %v102 = extractelement <4 x double> %v99, i32 0
  %v103 = getelementptr double, ptr %losses, i64 %v9
  store double %v102, ptr %v103, align 8
  %v104 = call double @llvm.fabs.f64(double %v102)
  %v105 = fcmp olt double %v104, 0x7FF0000000000000
  %v106 = add i64 %i8, 1
  %v107 = icmp slt i64 %v106, %count
  %v108 = and i1 %v107, %v105
  br i1 %v108, label %loop8, label %after8
after8:
  %v109 = extractelement <4 x double> %v101, i32 0
  store double %v109, ptr %leaf1, align 8
  %v110 = extractelement <4 x double> %v101, i32 1
  %v111 = getelementptr double, ptr %leaf1, i64 1
  store double %v110, ptr %v111, align 8
  %v112 = extractelement <4 x double> %v101, i32 2
  store double %v112, ptr %leaf2, align 8
  %v113 = add i64 %i8, 1
  ret i64 %v113
}
attributes #0 = { nounwind "stackrealign" "no-trapping-math"="true" "prefer-vector-width"="256" }
