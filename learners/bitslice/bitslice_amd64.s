#include "textflag.h"
#include "go_asm.h"

// ROW loads the vector of the i-th row after DX; BX is the number of vectors.
#define ROW(i, z) \
	MOVL      (i*4)(DX), AX; \
	CMPQ      AX, BX;        \
	JCC       outside;       \
	SHLQ      $6, AX;        \
	VMOVDQU64 (SI)(AX*1), z

// FULL adds a and b to sum and leaves the carry.
#define FULL(a, b, sum, carry) \
	VMOVDQA64  sum, carry;            \
	VPTERNLOGQ $0xE8, a, b, carry;    \
	VPTERNLOGQ $0x96, a, b, sum

// HALF adds a to sum and leaves the carry.
#define HALF(a, sum, carry) \
	VPANDQ a, sum, carry; \
	VPXORQ a, sum, sum

// RIPPLE adds Z3 to the planes from the fourth on, in memory.
#define RIPPLE(loop, done) \
	LEAQ      192(DI), R8;  \
loop: \
	VPTESTMQ  Z3, Z3, K1;   \
	KORTESTW  K1, K1;       \
	JEQ       done;         \
	VMOVDQU64 (R8), Z4;     \
	VPXORQ    Z3, Z4, Z5;   \
	VPANDQ    Z3, Z4, Z3;   \
	VMOVDQU64 Z5, (R8);     \
	ADDQ      $64, R8;      \
	JMP       loop;         \
done:

// func addAVX512(planes *[Planes]Vector, v []Vector, rows []int32) (ok bool)
// Z0-Z2 are the three lowest planes.
TEXT ·addAVX512(SB), NOSPLIT, $0-57
	MOVQ      planes+0(FP), DI
	MOVQ      v_base+8(FP), SI
	MOVQ      v_len+16(FP), BX
	MOVQ      rows_base+32(FP), DX
	MOVQ      rows_len+40(FP), CX
	VMOVDQU64 (DI), Z0
	VMOVDQU64 64(DI), Z1
	VMOVDQU64 128(DI), Z2
	SUBQ      $8, CX
	JLT       rest

eight:
	ROW(0, Z8)
	ROW(1, Z9)
	ROW(2, Z10)
	ROW(3, Z11)
	ROW(4, Z12)
	ROW(5, Z13)
	ROW(6, Z14)
	ROW(7, Z15)
	FULL(Z8, Z9, Z0, Z4)
	FULL(Z10, Z11, Z0, Z5)
	FULL(Z4, Z5, Z1, Z6)
	FULL(Z12, Z13, Z0, Z4)
	FULL(Z14, Z15, Z0, Z5)
	FULL(Z4, Z5, Z1, Z7)
	FULL(Z6, Z7, Z2, Z3)
	RIPPLE(carryEight, addedEight)
	ADDQ $32, DX
	SUBQ $8, CX
	JGE  eight

rest:
	TESTQ $4, CX // CX is eight less than what is left
	JEQ   two
	ROW(0, Z8)
	ROW(1, Z9)
	ROW(2, Z10)
	ROW(3, Z11)
	FULL(Z8, Z9, Z0, Z4)
	FULL(Z10, Z11, Z0, Z5)
	FULL(Z4, Z5, Z1, Z6)
	HALF(Z6, Z2, Z3)
	RIPPLE(carryFour, addedFour)
	ADDQ $16, DX

two:
	TESTQ $2, CX
	JEQ   one
	ROW(0, Z8)
	ROW(1, Z9)
	FULL(Z8, Z9, Z0, Z4)
	HALF(Z4, Z1, Z5)
	HALF(Z5, Z2, Z3)
	RIPPLE(carryTwo, addedTwo)
	ADDQ $8, DX

one:
	TESTQ $1, CX
	JEQ   end
	ROW(0, Z8)
	HALF(Z8, Z0, Z4)
	HALF(Z4, Z1, Z5)
	HALF(Z5, Z2, Z3)
	RIPPLE(carryOne, addedOne)

end:
	VMOVDQU64 Z0, (DI)
	VMOVDQU64 Z1, 64(DI)
	VMOVDQU64 Z2, 128(DI)
	VZEROUPPER
	MOVB $1, ok+56(FP)
	RET

outside:
	VZEROUPPER
	MOVB $0, ok+56(FP)
	RET

// func expandAVX512(out *[Bits]uint16, planes *[Planes]Vector, used int)
// Each round does 128 numbers, as four vectors of words.
TEXT ·expandAVX512(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ planes+8(FP), SI
	MOVQ $4, DX

round:
	VPXORQ       Z0, Z0, Z0
	VPXORQ       Z1, Z1, Z1
	VPXORQ       Z2, Z2, Z2
	VPXORQ       Z3, Z3, Z3
	MOVL         $1, AX
	VPBROADCASTW AX, Z4
	MOVQ         SI, R8
	MOVQ         used+16(FP), CX
	TESTQ        CX, CX
	JEQ          store

plane:
	KMOVD  (R8), K1
	KMOVD  4(R8), K2
	KMOVD  8(R8), K3
	KMOVD  12(R8), K4
	VPADDW Z4, Z0, K1, Z0
	VPADDW Z4, Z1, K2, Z1
	VPADDW Z4, Z2, K3, Z2
	VPADDW Z4, Z3, K4, Z3
	VPADDW Z4, Z4, Z4
	ADDQ   $64, R8
	DECQ   CX
	JNE    plane

store:
	VMOVDQU64 Z0, (DI)
	VMOVDQU64 Z1, 64(DI)
	VMOVDQU64 Z2, 128(DI)
	VMOVDQU64 Z3, 192(DI)
	ADDQ      $256, DI
	ADDQ      $16, SI
	DECQ      DX
	JNE       round
	VZEROUPPER
	RET

// func atLeastAVX512(out *Vector, planes *[Planes]Vector, t threshold)
TEXT ·atLeastAVX512(SB), NOSPLIT, $0-32
	MOVQ       out+0(FP), DI
	MOVQ       planes+8(FP), SI
	MOVQ       t_n+16(FP), BX
	MOVQ       t_planes+24(FP), CX
	VPTERNLOGQ $0xFF, Z0, Z0, Z0 // equal so far
	VPXORQ     Z1, Z1, Z1        // more
	MOVQ       CX, R8
	SHLQ       $6, R8
	ADDQ       SI, R8
	JMP        next

plane:
	SUBQ      $64, R8
	VMOVDQU64 (R8), Z2
	BTQ       CX, BX
	JCS       set
	VPANDQ    Z2, Z0, Z3
	VPORQ     Z3, Z1, Z1
	VPANDNQ   Z0, Z2, Z0
	JMP       next

set:
	VPANDQ Z2, Z0, Z0

next:
	DECQ      CX
	JGE       plane
	VPORQ     Z0, Z1, Z1
	VMOVDQU64 Z1, (DI)
	VZEROUPPER
	RET

// func dividedAVX512(out *Vector, planes *[Planes]Vector, rows int)
TEXT ·dividedAVX512(SB), NOSPLIT, $0-24
	MOVQ       out+0(FP), DI
	MOVQ       planes+8(FP), SI
	MOVQ       rows+16(FP), BX
	VPXORQ     Z0, Z0, Z0        // any
	VPTERNLOGQ $0xFF, Z1, Z1, Z1 // every
	JMP        next

plane:
	VMOVDQU64 (SI), Z2
	ADDQ      $64, SI
	VPORQ     Z2, Z0, Z0
	SHRQ      $1, BX
	JCS       set
	VPANDNQ   Z1, Z2, Z1
	JMP       next

set:
	VPANDQ Z2, Z1, Z1

next:
	TESTQ     BX, BX
	JNE       plane
	VPANDNQ   Z0, Z1, Z0
	VMOVDQU64 Z0, (DI)
	VZEROUPPER
	RET

// DIFFER leaves in Z0 the bits in which row i and eight others from DX on
// differ. SI are the codes, R9 the bytes from plane to plane, R13 eight times i.
#define DIFFER(plane, done) \
	VPXORQ          Z0, Z0, Z0;               \
	LEAQ            (SI)(DX*8), R10;          \
	LEAQ            (SI)(R13*1), R11;         \
	MOVQ            CX, R12;                  \
	JMP             done;                     \
plane: \
	VMOVDQU64       (R10), Z1;                \
	VPTERNLOGQ.BCST $0xF6, (R11), Z1, Z0;     \
	ADDQ            R9, R10;                  \
	ADDQ            R9, R11;                  \
done: \
	DECQ            R12;                      \
	JGE             plane

// ADDTO adds to eight numbers, those of K1, what Z1 counts.
#define ADDTO(to) \
	VPOPCNTQ    Z1, Z1;                 \
	VPSLLQ      X17, Z1, Z1;            \
	VPMOVQD     Z1, Y1;                 \
	VMOVDQU32.Z (to)(DX*4), K1, Y2;     \
	VPADDD      Y1, Y2, Y2;             \
	VMOVDQU32   Y2, K1, (to)(DX*4)

// MASK makes K1 of the rows from DX on that there are, and ends when none is.
#define MASK(end, full) \
	MOVQ   R8, AX;       \
	SUBQ   DX, AX;       \
	JLE    end;          \
	KXNORB K1, K1, K1;   \
	CMPQ   AX, $8;       \
	JGE    full;         \
	MOVQ   AX, R14;      \
	MOVL   $1, AX;       \
	SHLXQ  R14, AX, AX;  \
	DECQ   AX;           \
	KMOVB  AX, K1;       \
full:

// PAIRS loads what both of the following need of the Pairs at AX and row DX.
#define PAIRS \
	MOVQ         Pairs_Codes(AX), SI;  \
	MOVQ         Pairs_Planes(AX), CX; \
	MOVQ         Pairs_Rows(AX), R8;   \
	MOVQ         Pairs_Stride(AX), R9; \
	SHLQ         $3, R9;               \
	VPBROADCASTQ Pairs_Used(AX), Z16;  \
	VMOVQ        Pairs_Shift(AX), X17; \
	LEAQ         (DX*8), R13;          \
	ANDQ         $~7, DX

// func agreeAVX512(p *Pairs, i int, same *int32)
TEXT ·agreeAVX512(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), AX
	MOVQ i+8(FP), DX
	MOVQ same+16(FP), DI
	PAIRS

rows:
	MASK(end, full)
	DIFFER(plane, done)
	VPANDNQ Z16, Z0, Z1
	ADDTO(DI)
	ADDQ $8, DX
	JMP  rows

end:
	VZEROUPPER
	RET

// func agreeThereAVX512(p *Pairs, i int, same, both *int32)
TEXT ·agreeThereAVX512(SB), NOSPLIT, $0-32
	MOVQ         p+0(FP), AX
	MOVQ         i+8(FP), DX
	MOVQ         same+16(FP), DI
	PAIRS
	MOVQ         both+24(FP), BX
	MOVQ         Pairs_There(AX), R15
	VPBROADCASTQ (R15)(R13*1), Z16

rows:
	MASK(end, full)
	DIFFER(plane, done)
	VPANDQ  (R15)(DX*8), Z16, Z3
	VPANDNQ Z3, Z0, Z1
	ADDTO(DI)
	VMOVDQA64 Z3, Z1
	ADDTO(BX)
	ADDQ $8, DX
	JMP  rows

end:
	VZEROUPPER
	RET

// func overlapsAVX512(lines []uint64, x []uint64, list []Overlap, shift uint64)
TEXT ·overlapsAVX512(SB), NOSPLIT, $0-80
	MOVQ  lines_base+0(FP), DI
	MOVQ  x_base+24(FP), SI
	MOVQ  x_len+32(FP), CX
	MOVQ  list_base+48(FP), DX
	MOVQ  list_len+56(FP), BX
	VMOVQ shift+72(FP), X16
	SHLQ  $3, CX

overlap:
	VPBROADCASTQ Overlap_Mask(DX), Z0
	MOVQ         Overlap_Line(DX), R8
	LEAQ         (DI)(R8*8), R8
	XORQ         AX, AX

vector:
	VPANDQ    (SI)(AX*1), Z0, Z1
	VPOPCNTQ  Z1, Z1
	VPSLLQ    X16, Z1, Z1
	VPADDQ    (R8)(AX*1), Z1, Z1
	VMOVDQU64 Z1, (R8)(AX*1)
	ADDQ      $64, AX
	CMPQ      AX, CX
	JLT       vector
	ADDQ      $Overlap__size, DX
	DECQ      BX
	JNE       overlap
	VZEROUPPER
	RET

// COLUMN adds to the words of acc the bit that stands for a column, in the rows
// of K7 that have the bit of Z4. CX columns are left; R8 is the next one's slice.
#define COLUMN(one, acc, end) \
	DECQ        CX;                     \
	JLT         end;                    \
	MOVQ        (R8), R9;               \
	ADDQ        $24, R8;                \
	VMOVDQU16.Z (R9)(DX*2), K7, Z5;     \
	VPTESTMW    Z5, Z4, K1;             \
	VPADDW      one, acc, K1, acc

#define SIXTEEN(acc, end) \
	COLUMN(Z16, acc, end); \
	COLUMN(Z17, acc, end); \
	COLUMN(Z18, acc, end); \
	COLUMN(Z19, acc, end); \
	COLUMN(Z20, acc, end); \
	COLUMN(Z21, acc, end); \
	COLUMN(Z22, acc, end); \
	COLUMN(Z23, acc, end); \
	COLUMN(Z24, acc, end); \
	COLUMN(Z25, acc, end); \
	COLUMN(Z26, acc, end); \
	COLUMN(Z27, acc, end); \
	COLUMN(Z28, acc, end); \
	COLUMN(Z29, acc, end); \
	COLUMN(Z30, acc, end); \
	COLUMN(Z31, acc, end)

// TWO stores the rows at, at+1, at+8…, of which z has two a lane.
#define TWO(at, z) \
	VEXTRACTI64X2 $0, z, (at*8)(DI);      \
	VEXTRACTI64X2 $1, z, (at*8+64)(DI);   \
	VEXTRACTI64X2 $2, z, (at*8+128)(DI);  \
	VEXTRACTI64X2 $3, z, (at*8+192)(DI)

// ONES makes a vector of words of which each has one bit, double the last one's.
#define ONES(from, to) VPADDW from, from, to

// func sliceAVX512(out *uint64, columns [][]uint16, bit int)
// Each round does 32 rows: Z0-Z3 have sixteen columns each, a word a row, and are
// then put side by side.
TEXT ·sliceAVX512(SB), NOSPLIT, $0-40
	MOVQ         out+0(FP), DI
	MOVQ         columns_base+8(FP), SI
	MOVQ         bit+32(FP), CX
	MOVQ         8(SI), BX // rows, of the first column
	MOVL         $1, AX
	VPBROADCASTW AX, Z16
	SHLL         CX, AX
	VPBROADCASTW AX, Z4
	ONES(Z16, Z17)
	ONES(Z17, Z18)
	ONES(Z18, Z19)
	ONES(Z19, Z20)
	ONES(Z20, Z21)
	ONES(Z21, Z22)
	ONES(Z22, Z23)
	ONES(Z23, Z24)
	ONES(Z24, Z25)
	ONES(Z25, Z26)
	ONES(Z26, Z27)
	ONES(Z27, Z28)
	ONES(Z28, Z29)
	ONES(Z29, Z30)
	ONES(Z30, Z31)
	XORQ         DX, DX

rows:
	MOVQ   $-1, AX
	MOVQ   BX, CX
	SUBQ   DX, CX
	CMPQ   CX, $32
	JGE    full
	MOVQ   $1, AX
	SHLQ   CX, AX
	DECQ   AX

full:
	KMOVD  AX, K7
	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	MOVQ   SI, R8
	MOVQ   columns_len+16(FP), CX
	SIXTEEN(Z0, store)
	SIXTEEN(Z1, store)
	SIXTEEN(Z2, store)
	SIXTEEN(Z3, store)

store:
	VPUNPCKLWD Z1, Z0, Z5
	VPUNPCKHWD Z1, Z0, Z6
	VPUNPCKLWD Z3, Z2, Z7
	VPUNPCKHWD Z3, Z2, Z8
	VPUNPCKLDQ Z7, Z5, Z0
	VPUNPCKHDQ Z7, Z5, Z1
	VPUNPCKLDQ Z8, Z6, Z2
	VPUNPCKHDQ Z8, Z6, Z3
	TWO(0, Z0)
	TWO(2, Z1)
	TWO(4, Z2)
	TWO(6, Z3)
	ADDQ $256, DI
	ADDQ $32, DX
	CMPQ DX, BX
	JLT  rows
	VZEROUPPER
	RET
