package nmap4

// gradesOf1 is the number of grades from accuracy 0 to 1. They are fine
// enough, and whole ones make comparisons exact: no quotient of such small
// numbers is rounded over a bound.
const gradesOf1 = 2000

// minGrade is that of MinAccuracy.
const minGrade = MinAccuracy * gradesOf1

// reaches reports whether p has the grade or more.
func (p points) reaches(grade int64) bool {
	return int64(p.possible-p.lost)*gradesOf1 >= int64(p.possible)*grade
}

// grade is the highest that p reaches.
func (p points) grade() int64 { return int64(p.possible-p.lost) * gradesOf1 / int64(p.possible) }

// ranking knows which grade a reference needs to be among the best MaxMatches
// names: what fewer than that many names have reached so far, and minGrade at
// least.
type ranking struct {
	least int64
	names []int32              // by reference; nil: all of minGrade are ranked
	grade []uint16             // by name: the best so far, 0 for none
	count [gradesOf1 + 1]int32 // by grade: the names whose best it is
	above int                  // names of a better grade than least
}

func (x *index) newRanking() *ranking {
	return &ranking{names: x.names, grade: make([]uint16, len(x.names))}
}

func (r *ranking) reset() {
	r.least, r.above = minGrade, 0
	clear(r.grade)
	clear(r.count[:])
}

// enter takes note of a reference's grade, which is least or better.
func (r *ranking) enter(reference int32, grade int64) {
	if r.names == nil {
		return
	}
	best := int64(r.grade[r.names[reference]])
	if grade <= best {
		return
	}
	if best > r.least {
		r.above--
	}
	if best >= r.least {
		r.count[best]--
	}
	r.grade[r.names[reference]] = uint16(grade)
	r.count[grade]++
	if grade > r.least {
		r.above++
	}
	for r.above >= MaxMatches {
		r.least++
		r.above -= int(r.count[r.least])
	}
}
