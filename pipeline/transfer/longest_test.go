package transfer_test

import (
	"testing"

	"athanor/inference/testenv"
	"athanor/pipeline/transfer"
)

// A network of the BERT family has a row of its table for each position: as many
// tokens it reads.
func TestLongestTextIsWhatPositionsAllow(t *testing.T) {
	n, err := transfer.Open(testenv.Encoder(true))
	if err != nil {
		t.Fatal(err)
	}
	for most, want := range map[int]int{128: testenv.Positions, testenv.Positions: testenv.Positions, 16: 16, 9: 9} {
		if got := n.LongestText(most); got != want {
			t.Errorf("of at most %d tokens it reads %d, want %d", most, got, want)
		}
	}
}
