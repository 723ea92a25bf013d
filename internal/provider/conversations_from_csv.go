package provider

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// conversationsFromCSVFunction reads conversations from a spreadsheet.
type conversationsFromCSVFunction struct{ unsealed bool }

func (conversationsFromCSVFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = conversationsFromCSVName
}

func (f conversationsFromCSVFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Read conversations from a spreadsheet's CSV",
		MarkdownDescription: "Returns a map of conversations that has exactly the type of the attribute " +
			"`conversations` of `pipeliner_text_message_conversations`. The first row names the columns. The " +
			"function accepts any line ends, and ignores a byte order mark, blank rows, and spaces around the " +
			"text of a cell. Blank cells are null, but a blank cell of `phone_id` or " +
			"`recipient_phone_number` is an error (see `blank_numbers`). Errors name the rows and the column." + functionsNeed,
		Parameters: []function.Parameter{
			function.StringParameter{Name: "text", MarkdownDescription: "The CSV, such as `file(\"conversations.csv\")`."},
			givenParameter(f.unsealed, false, "options", "An object with:\n"+
				"  - `key`: the column that contains the keys. `Ada` and `ada` are different keys. Terraform takes the "+
				"Unicode forms of a letter for the same text, such as `é`, and `e` with a combining accent.\n"+
				"  - `columns`: a map from attributes of a conversation to the columns that contain them. The "+
				"attributes are `"+strings.Join(namesOf(configurableFields), "`, `")+"`.\n"+
				"  - `constants`: a map from the same attributes to the values that they have in every row. If "+
				"`columns` contains the attribute too, the value applies to the blank cells.\n"+
				"  - `lookups`: a map from attributes to maps that translate the text of their cells, such as "+
				"the name of an account to its UUID. If keys differ only in case, the cell must "+
				"have the exact text. Otherwise, case doesn't matter. Any spaces, such as no-break spaces, are equal.\n"+
				"  - `separator`: the text between several ids in one cell. Default `;`.\n"+
				"  - `delimiter`: the character between the cells of a row. Default `,`.\n"+
				"  - `blank_numbers`: whether a cell of `recipient_phone_number` may be blank. Default `false`. "+
				"With `true`, such a conversation has no number."),
		},
		Return: entriesReturn(f.unsealed),
	}
}

func (conversationsFromCSVFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text, given string
	if resp.Error = req.Arguments.Get(ctx, &text, &given); resp.Error != nil {
		return
	}
	// Some versions of Terraform call a function even if a part of an object is unknown.
	whole, err := tfprotov6.DynamicValue{MsgPack: []byte(given)}.Unmarshal(tftypes.DynamicPseudoType)
	if err == nil && !whole.IsFullyKnown() {
		resp.Error = resp.Result.Set(ctx, types.StringUnknown())
		return
	}
	options, err := newSheetOptions(ctx, []byte(given))
	if err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	found, err := options.read(ctx, text)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, found.seal())
}

// separatorLine matches a first line that only tells spreadsheet programs which character separates the cells. They
// don't show it as a row.
var separatorLine = regexp.MustCompile(`^(?i:sep)=[^\r\n](?:\r\n|\r|\n|$)`)

// read returns the conversations of a spreadsheet, or an error with the first few mistakes.
func (o *sheetOptions) read(ctx context.Context, text string) (entries, error) {
	if strings.Contains(text, "\x00") {
		return nil, errors.New("the text contains null characters, so it may be UTF-16: convert the file, for example with iconv -f UTF-16 -t UTF-8")
	}
	text = separatorLine.ReplaceAllString(strings.TrimPrefix(text, "\ufeff"), "")
	in := csv.NewReader(strings.NewReader(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)))
	in.Comma, in.FieldsPerRecord = o.delimiter, -1
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the CSV is empty: its first row must name the columns")
	}
	if err != nil {
		return nil, csvFault(err, 0)
	}
	s := &sheet{sheetOptions: o, found: entries{}, rows: map[string]int{}, columns: map[string]int{}, rowsOf: map[string][]string{}}
	s.setColumns(header)
	for folded := lineEndsIn(header); !s.lacksColumns; {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvFault(err, folded)
		}
		line, _ := in.FieldPos(0)
		s.add(ctx, line-folded, cells)
		folded += lineEndsIn(cells)
	}
	switch mistakes := s.mistakes(); len(mistakes) {
	case 0:
		return s.found, nil
	case 1:
		return nil, errors.New(mistakes[0])
	default:
		return nil, fmt.Errorf("the CSV has %d mistakes:\n\n  - %s", len(mistakes), strings.Join(firstTexts(mistakes), "\n  - "))
	}
}

// csvFault describes a mistake in the quotes of a CSV. It names the row where the mistake begins. folded is the
// number of line ends within cells before that row.
func csvFault(err error, folded int) error {
	var wrong *csv.ParseError
	if !errors.As(err, &wrong) {
		return err
	}
	row := wrong.StartLine - folded
	switch {
	case errors.Is(wrong.Err, csv.ErrBareQuote):
		return fmt.Errorf(`row %d: a cell contains a quote (") and is not in quotes: put the cell in quotes, and write each quote inside it twice`, row)
	case errors.Is(wrong.Err, csv.ErrQuote):
		return fmt.Errorf(`row %d: a cell in quotes has no closing quote, or more text after it: write each quote (") inside the cell twice`, row)
	}
	return fmt.Errorf("row %d: %w", row, wrong.Err)
}

// A sheet is a spreadsheet that is being read.
type sheet struct {
	*sheetOptions

	columns map[string]int // position by name
	header  []string
	found   entries
	rows    map[string]int      // by key
	faults  []string            // each once
	rowsOf  map[string][]string // by fault

	lacksColumns bool // whether columns that the options name are missing
}

// fault notes a mistake in a row. The text follows the number of the row, so it begins with a comma or a colon.
func (s *sheet) fault(row int, wrong string) {
	rows, text := s.rowsOf[wrong], strconv.Itoa(row)
	switch {
	case len(rows) == 0:
		s.faults = append(s.faults, wrong)
	case rows[len(rows)-1] == text:
		return // a cell or the header has it twice
	}
	s.rowsOf[wrong] = append(rows, text)
}

func (s *sheet) cellFault(row int, column, format string, arguments ...any) {
	s.fault(row, fmt.Sprintf(", column %q: ", column)+fmt.Sprintf(format, arguments...))
}

// mistakes returns the faults, each with its rows.
func (s *sheet) mistakes() []string {
	return mapped(s.faults, func(wrong string) string {
		return inNumber(len(s.rowsOf[wrong]) > 1, "{row|rows} ") + firstOfMany(s.rowsOf[wrong]) + wrong
	})
}

// setColumns finds the columns that the options name.
func (s *sheet) setColumns(header []string) {
	s.header = header
	for i, name := range header {
		name = strings.TrimSpace(name)
		if _, twice := s.columns[name]; twice && name != "" {
			s.cellFault(1, name, "the column occurs twice")
		}
		s.columns[name] = i
	}
	for _, wanted := range slices.Concat([]string{s.key}, slices.Sorted(maps.Values(s.sheetOptions.columns))) {
		if _, found := s.columns[wanted]; !found {
			s.cellFault(1, wanted, "there is no such column; the columns are: %s%s", quoted(header), adviceOnHeader(header))
			s.lacksColumns = true
		}
	}
}

// adviceOnHeader suggests the option delimiter if another character seems to separate the cells of the header. If the
// header has only one cell with text, it may be a title.
func adviceOnHeader(header []string) string {
	for _, delimiter := range []string{";", "\t", ",", "|"} {
		if len(header) == 1 && strings.Contains(header[0], delimiter) {
			return fmt.Sprintf("; if %q separates the cells, add the option delimiter = %[1]q", delimiter)
		}
	}
	isBlank := func(cell string) bool { return strings.TrimSpace(cell) == "" }
	if len(slices.DeleteFunc(slices.Clone(header), isBlank)) < 2 {
		return "; if row 1 is a title, remove all rows above the names of the columns"
	}
	return ""
}

// add adds the conversation of a row.
func (s *sheet) add(ctx context.Context, row int, cells []string) {
	if !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
		return
	}
	if slices.Equal(cells, s.header) {
		s.fault(row, ": the header again: remove it")
		return
	}
	if len(cells) != len(s.header) {
		advice := "put a cell that contains the delimiter in quotes"
		if len(cells) < len(s.header) {
			advice = "each row needs a cell for each column, blank ones too"
		} else if strings.TrimSpace(cells[len(cells)-1]) == "" { // never guess which one is too many
			advice += ", or remove the delimiter at the end of the row"
		}
		s.fault(row, fmt.Sprintf(inNumber(len(cells) > 1, ": %d {cell|cells}, but the header has %d: %s"), len(cells), len(s.header), advice))
		return
	}
	textIn := func(column string) string {
		if i, found := s.columns[column]; found && i < len(cells) {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}
	key := textIn(s.key)
	if key == "" {
		s.cellFault(row, s.key, "the key is blank")
		return
	}
	if first, twice := s.rows[key]; twice {
		s.cellFault(row, s.key, "row %d has the key %q too: give each row its own key, or remove one", first, key)
		return
	}
	s.rows[key] = row
	entry := newOwnedModel()
	for attribute, constant := range s.constants {
		entry.set(attribute, constant)
	}
	for _, attribute := range slices.Sorted(maps.Keys(s.sheetOptions.columns)) {
		c := cell{row: row, attribute: attribute, column: s.sheetOptions.columns[attribute]}
		c.text = textIn(c.column)
		switch {
		case c.text != "":
			s.set(ctx, entry, c)
		case s.constants[attribute] != nil:
		case attribute == "phone_id":
			s.cellFault(row, c.column, "the phone_id is blank")
		case attribute == numberAttribute && !s.blankNumbers:
			s.cellFault(row, c.column, "the number is blank: fill it in, or set blank_numbers = true if conversations may have no number")
		}
	}
	s.found[key] = entry
}

// A cell holds an attribute of a conversation.
type cell struct {
	row                     int
	attribute, column, text string
}

// set sets the attribute to the value of the cell.
func (s *sheet) set(ctx context.Context, entry *ownedModel, c cell) {
	items := []string{c.text}
	_, isSet := entryType.AttrTypes[c.attribute].(types.SetType)
	if isSet {
		items = strings.Split(c.text, s.separator)
	}
	var values []attr.Value
	for _, item := range items {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		if table := s.lookups[c.attribute]; table != nil {
			id, err := table.find(item)
			if err != nil {
				s.cellFault(c.row, c.column, "%v of %s", err, c.attribute)
				continue
			}
			item = id
		}
		values = append(values, types.StringValue(item))
	}
	var value attr.Value
	switch {
	case isSet:
		value = types.SetValueMust(types.StringType, values)
	case len(values) == 1:
		value = values[0]
	default:
		return
	}
	if c.attribute == numberAttribute && isPlaceholder(textOf(value)) {
		s.cellFault(c.row, c.column, "%q is not a phone number: correct it, remove the row, or leave the cell blank and set blank_numbers = true", textOf(value))
		return
	}
	for _, wrong := range faultsOf(ctx, c.attribute, value) {
		if s.lookups[c.attribute] == nil && c.attribute != numberAttribute {
			wrong = strings.TrimSuffix(wrong, ".") + ", or translate names with the option lookups"
		}
		s.cellFault(c.row, c.column, "%s", wrong)
	}
	entry.set(c.attribute, value)
}

func lineEndsIn(cells []string) (count int) {
	for _, cell := range cells {
		count += strings.Count(cell, "\n")
	}
	return count
}
