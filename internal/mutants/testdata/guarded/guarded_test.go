package guarded

import "testing"

func TestNegative(t *testing.T) {
	if Check(-1) == nil || Check(1) != nil {
		t.Error("want negative numbers refused alone")
	}
}

func TestSevenWithoutLooking(*testing.T) {
	_ = Check(7)
}

func TestSmall(t *testing.T) {
	for n, want := range map[int]bool{1: true, 11: false} {
		if got := Small(n); got != want {
			t.Errorf("Small(%d) = %v, want %v", n, got, want)
		}
	}
}

func TestKind(t *testing.T) {
	t.Run("zero is refused", func(t *testing.T) {
		if Kind(0) == nil {
			t.Error("want zero refused")
		}
	})
	if Kind(1) != nil {
		t.Error("want one taken")
	}
}

func TestCookie(t *testing.T) {
	if !Cookie().HttpOnly {
		t.Error("want a cookie that no script reads")
	}
}

func TestEven(t *testing.T) {
	if got := Even([]int{1, 2, 3}); len(got) != 1 {
		t.Errorf("Even = %v, want 2", got)
	}
}

func TestAlways(t *testing.T) {
	if Always(1) == nil {
		t.Error("want one refused")
	}
}

func TestTwice(t *testing.T) {
	if Twice(-1) == nil || Twice(0) != nil {
		t.Error("want negative numbers refused")
	}
}

func TestRefusals(t *testing.T) {
	var left []bool
	for _, n := range []int{4, 1} {
		left = append(left, false)
		Leave(n, func(error) { left[len(left)-1] = true })
	}
	half, err := Halve(2)
	if _, odd := Halve(1); Close(1) == nil || Close(2) != nil || half != 1 || err != nil || odd == nil || Why(3) == "" || Why(1) != "" || !left[0] || left[1] {
		t.Error("want each refused alone")
	}
}
