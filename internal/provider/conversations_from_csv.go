package provider

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// conversationsFromCSVFunction reads conversations from a spreadsheet.
type conversationsFromCSVFunction struct{ open bool }

func (conversationsFromCSVFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = conversationsFromCSVName
}

func (f conversationsFromCSVFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Read conversations from a spreadsheet's CSV",
		MarkdownDescription: "Returns a map of conversations for the attribute `conversations` of `pipeliner_text_message_conversations`, of exactly its type. " +
			"The first row names the columns. A byte order mark, line ends of any kind, and spaces at the ends of cells don't matter; blank cells are null, and blank rows are left out. " +
			"Errors name row and column." + functionsNeed,
		Parameters: []function.Parameter{
			function.StringParameter{Name: "text", MarkdownDescription: "The CSV, such as `file(\"conversations.csv\")`."},
			function.DynamicParameter{Name: "options", MarkdownDescription: "An object with:\n" +
				"  - `key`: the column that holds the keys.\n" +
				"  - `columns`: map of an attribute of a conversation to the column that holds it.\n" +
				"  - `constants`: map of an attribute to the value that it has in every row.\n" +
				"  - `lookups`: map of an attribute to a map of what its cells say to what that stands for, such as names of accounts to their UUIDs. Case doesn't matter.\n" +
				"  - `separator`: what separates several ids in one cell, `;` if you omit it.\n" +
				"  - `delimiter`: what separates the cells of a row, `,` if you omit it."},
		},
		Return: entriesReturn(f.open),
	}
}

func (conversationsFromCSVFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	var given types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &text, &given); resp.Error != nil {
		return
	}
	options, err := newSheetOptions(given)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	found, err := options.read(text)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = setEntries(ctx, &resp.Result, found)
}

// sheetOptions say what the cells of a spreadsheet stand for.
type sheetOptions struct {
	key, separator string
	delimiter      rune
	columns        map[string]string            // by attribute
	constants      map[string]attr.Value        // by attribute
	lookups        map[string]map[string]string // by attribute, and by what a cell says in lower case
}

func newSheetOptions(given types.Dynamic) (*sheetOptions, error) {
	o := &sheetOptions{separator: ";", delimiter: ',', columns: map[string]string{}, constants: map[string]attr.Value{}, lookups: map[string]map[string]string{}}
	for name, value := range namedValues(given.UnderlyingValue()) {
		var err error
		switch name {
		case "key":
			o.key, err = plainString(value)
		case "separator":
			o.separator, err = plainString(value)
		case "delimiter":
			var text string
			text, err = plainString(value)
			if o.delimiter = firstRune(text); err == nil && len([]rune(text)) != 1 {
				err = errors.New("must be one character")
			}
		case "columns":
			for attribute, column := range namedValues(value) {
				var columnErr error
				o.columns[attribute], columnErr = plainString(column)
				err = errors.Join(err, checkColumn(attribute), columnErr)
			}
		case "constants":
			for attribute, constant := range namedValues(value) {
				var constantErr error
				o.constants[attribute], constantErr = constantOf(attribute, constant)
				err = errors.Join(err, constantErr)
			}
		case "lookups":
			for attribute, table := range namedValues(value) {
				o.lookups[attribute] = map[string]string{}
				err = errors.Join(err, checkColumn(attribute))
				for text, stands := range namedValues(table) {
					id, idErr := plainString(stands)
					o.lookups[attribute][lookupKey(text)] = id
					err = errors.Join(err, idErr)
				}
			}
		default:
			err = errors.New("is not an option; the options are: key, columns, constants, lookups, separator, delimiter")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	switch {
	case o.key == "":
		return nil, errors.New("key: name the column that holds the keys")
	case o.columns["phone_id"] == "" && o.constants["phone_id"] == nil:
		return nil, errors.New("columns, constants: one of them must say the phone_id")
	}
	return o, nil
}

// read returns the conversations of a spreadsheet, or the first few of all errors.
func (o *sheetOptions) read(text string) (entries, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	in := csv.NewReader(strings.NewReader(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)))
	in.Comma, in.FieldsPerRecord = o.delimiter, -1
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the CSV is empty: its first row must name the columns")
	}
	if err != nil {
		return nil, err
	}
	s := &sheet{sheetOptions: o, found: entries{}, rows: map[string]int{}, columns: map[string]int{}}
	s.setColumns(header)
	for folded := lineEndsIn(header); !s.lacksColumns; {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := in.FieldPos(0)
		s.add(line-folded, cells)
		folded += lineEndsIn(cells)
	}
	if len(s.faults) > 0 {
		return nil, errors.New(strings.Join(firstTexts(s.faults), "\n"))
	}
	return s.found, nil
}

// A sheet is a spreadsheet that is being read.
type sheet struct {
	*sheetOptions

	columns map[string]int // position by name
	found   entries
	rows    map[string]int // by key
	faults  []string

	lacksColumns bool // that the options name
}

func (s *sheet) fault(row int, column, format string, arguments ...any) {
	s.faults = append(s.faults, fmt.Sprintf("row %d, column %q: ", row, column)+fmt.Sprintf(format, arguments...))
}

// setColumns finds the columns that the options name.
func (s *sheet) setColumns(header []string) {
	for i, name := range header {
		name = strings.TrimSpace(name)
		if _, twice := s.columns[name]; twice && name != "" {
			s.fault(1, name, "the column is there twice")
		}
		s.columns[name] = i
	}
	for _, wanted := range slices.Concat([]string{s.key}, slices.Sorted(maps.Values(s.sheetOptions.columns))) {
		if _, found := s.columns[wanted]; !found {
			s.fault(1, wanted, "there is no such column; the columns are: %s", quoted(header))
			s.lacksColumns = true
		}
	}
}

// add adds the conversation of a row.
func (s *sheet) add(row int, cells []string) {
	if !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
		return
	}
	cell := func(column string) string {
		if i, found := s.columns[column]; found && i < len(cells) {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}
	key := cell(s.key)
	if first, twice := s.rows[key]; twice {
		s.fault(row, s.key, "the key %q is that of row %d too", key, first)
		return
	}
	if s.rows[key] = row; key == "" {
		s.fault(row, s.key, "the key is blank")
		return
	}
	entry := newOwnedModel()
	for attribute, constant := range s.constants {
		entry.set(attribute, constant)
	}
	for attribute, column := range s.sheetOptions.columns {
		if text := cell(column); text != "" {
			s.set(entry, row, attribute, column, text)
		}
	}
	if entry.PhoneID.IsNull() {
		s.fault(row, s.sheetOptions.columns["phone_id"], "the phone_id is blank")
	}
	s.found[key] = entry
}

// set sets an attribute to what a cell says.
func (s *sheet) set(entry *ownedModel, row int, attribute, column, text string) {
	items := []string{text}
	_, isSet := entryType.AttrTypes[attribute].(types.SetType)
	if isSet {
		items = strings.Split(text, s.separator)
	}
	var values []attr.Value
	for _, item := range items {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		if table := s.lookups[attribute]; table != nil {
			stands, found := table[lookupKey(item)]
			if !found {
				s.fault(row, column, "%q is not in the lookups of %s", item, attribute)
				continue
			}
			item = stands
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
	for _, wrong := range validateAttribute(context.Background(), at(s.key).AtName(attribute), ownedAttributes()[attribute], value) {
		s.fault(row, column, "%s", wrong.Detail())
	}
	entry.set(attribute, value)
}

func lineEndsIn(cells []string) (count int) {
	for _, cell := range cells {
		count += strings.Count(cell, "\n")
	}
	return count
}

// lookupKey is the same for texts that differ in case and spaces at their ends only.
func lookupKey(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

func firstRune(text string) rune {
	for _, r := range text {
		return r
	}
	return 0
}

// checkColumn accepts an attribute that a cell can hold.
func checkColumn(attribute string) error {
	if field, known := fieldNamed(attribute); known && field.write != nil {
		return nil
	}
	return fmt.Errorf("%q is no attribute that can be set from a cell", attribute)
}

// namedValues returns the elements of a map or the attributes of an object that are not
// null.
func namedValues(value attr.Value) map[string]attr.Value {
	var named map[string]attr.Value
	switch value := value.(type) {
	case types.Dynamic:
		return namedValues(value.UnderlyingValue())
	case types.Object:
		named = value.Attributes()
	case types.Map:
		named = value.Elements()
	}
	named = maps.Clone(named)
	maps.DeleteFunc(named, func(_ string, value attr.Value) bool { return value == nil || value.IsNull() })
	return named
}

// constantOf returns a value as that of an attribute.
func constantOf(attribute string, value attr.Value) (attr.Value, error) {
	if err := checkColumn(attribute); err != nil {
		return nil, err
	}
	var constant attr.Value
	if _, isSet := entryType.AttrTypes[attribute].(types.SetType); isSet {
		elements, err := plainStrings(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", attribute, err)
		}
		constant = types.SetValueMust(types.StringType, elements)
	} else {
		text, err := plainString(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", attribute, err)
		}
		constant = types.StringValue(text)
	}
	for _, wrong := range validateAttribute(context.Background(), at("").AtName(attribute), ownedAttributes()[attribute], constant) {
		return nil, fmt.Errorf("%s: %s", attribute, wrong.Detail())
	}
	return constant, nil
}

// plainStrings returns the elements of a list of any kind.
func plainStrings(value attr.Value) ([]attr.Value, error) {
	var elements []attr.Value
	switch value := value.(type) {
	case types.Dynamic:
		return plainStrings(value.UnderlyingValue())
	case types.Tuple:
		elements = value.Elements()
	case types.List:
		elements = value.Elements()
	case types.Set:
		elements = value.Elements()
	default:
		return nil, errors.New("must be a list")
	}
	texts := make([]attr.Value, len(elements))
	for i, element := range elements {
		text, err := plainString(element)
		if err != nil {
			return nil, err
		}
		texts[i] = types.StringValue(text)
	}
	return texts, nil
}

func plainString(value attr.Value) (string, error) {
	if dynamic, isDynamic := value.(types.Dynamic); isDynamic {
		value = dynamic.UnderlyingValue()
	}
	text, isText := value.(types.String)
	if !isText || !isKnown(text) {
		return "", errors.New("must be a string that is known")
	}
	return text.ValueString(), nil
}
