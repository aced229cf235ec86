package reviews

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// textNames are what columns of texts are called, the clearest first.
const textNames = "review reviews text comment comments content sentence body tweet message verified_reviews reviewtext review_text feedback description 评论 评价 内容 评论内容 评价内容 文本 正文 留言"

const (
	categoryNames = "cat category product variation brand type 类别 类目 分类 商品 品类 品牌"
	dateNames     = "date time day month created created_at timestamp 日期 时间 月份"
)

// Columns are the columns of a file of reviews, and those that a job would take:
// the one asked for, else a guess; empty where there is none.
type Columns struct {
	Names          []string
	Text, By, When string
}

// Look reads the beginning of the job's file for its columns. A file without a
// column of texts is no error here: somebody has to choose.
func Look(job Job) (Columns, error) {
	in, err := openInput(job.In)
	if err != nil {
		return Columns{}, err
	}
	defer in.close()
	c := Columns{Names: in.columns}
	if i, err := textColumn(in.columns, in.ahead, job.Column); err == nil {
		c.Text = in.columns[i]
	}
	if i, err := namedColumn(in.columns, job.By, categoryNames); err == nil {
		c.By = nameOf(in.columns, i)
	}
	if i, err := namedColumn(in.columns, job.When, dateNames); err == nil {
		c.When = nameOf(in.columns, i)
	}
	return c, nil
}

// textColumn finds the column of the texts: the one asked for, else one with a
// telling name, else the one with the most letters a row.
func textColumn(columns []string, rows []record, asked string) (int, error) {
	if asked != "" {
		if i := slices.Index(columns, asked); i >= 0 {
			return i, nil
		}
		return 0, fmt.Errorf("%w called %q; there are: %s", ErrColumn, asked, strings.Join(columns, ", "))
	}
	best, most := -1, 0.0
	for i, name := range columns {
		letters := meanLetters(rows, i)
		if slices.Contains(strings.Fields(textNames), strings.ToLower(strings.TrimSpace(name))) {
			letters += 1000
		}
		if letters > most {
			best, most = i, letters
		}
	}
	if best < 0 {
		return 0, fmt.Errorf("%w: no cell holds letters; name the column with --column: %s", ErrColumn, strings.Join(columns, ", "))
	}
	return best, nil
}

// meanLetters is the mean number of letters in a column; a Chinese character
// counts as four.
func meanLetters(rows []record, column int) float64 {
	total := 0
	for _, row := range rows {
		for _, r := range row.cells[column] {
			switch {
			case unicode.Is(unicode.Han, r):
				total += 4
			case unicode.IsLetter(r):
				total++
			}
		}
	}
	return float64(total) / float64(max(1, len(rows)))
}

// None in the place of a column says that there is none to look for.
const None = "-"

// namedColumn finds the column asked for, else one of names; -1 if none.
func namedColumn(columns []string, asked, names string) (int, error) {
	if asked == None && !slices.Contains(columns, None) {
		return -1, nil
	}
	if asked != "" {
		if i := slices.Index(columns, asked); i >= 0 {
			return i, nil
		}
		return -1, fmt.Errorf("%w: there is no %q, only: %s", ErrColumn, asked, strings.Join(columns, ", "))
	}
	for name := range strings.FieldsSeq(names) {
		for i, c := range columns {
			if strings.EqualFold(strings.TrimSpace(c), name) {
				return i, nil
			}
		}
	}
	return -1, nil
}
