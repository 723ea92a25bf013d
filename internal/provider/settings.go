package provider

import (
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// settingsModel is the provider block.
type settingsModel struct {
	ServiceURL            types.String  `tfsdk:"service_url"`
	SpaceID               types.String  `tfsdk:"space_id"`
	Username              types.String  `tfsdk:"username"`
	Password              types.String  `tfsdk:"password"`
	ValidationLevel       wholeNumber   `tfsdk:"validation_level"`
	OnConflict            types.String  `tfsdk:"on_conflict"`
	DefaultRegion         types.String  `tfsdk:"default_region"`
	BatchSize             wholeNumber   `tfsdk:"batch_size"`
	BatchWindow           types.String  `tfsdk:"batch_window"`
	MaxConcurrentRequests wholeNumber   `tfsdk:"max_concurrent_requests"`
	RequestsPerSecond     types.Float64 `tfsdk:"requests_per_second"`
	MaxRetries            wholeNumber   `tfsdk:"max_retries"`
	RequestTimeout        types.String  `tfsdk:"request_timeout"`
	RecoveryTimeout       types.String  `tfsdk:"recovery_timeout"`
}

// These are the values of on_conflict: what an update does with a field that someone else has changed too.
const (
	onConflictFail      = "fail"
	onConflictOverwrite = "overwrite"
)

// environment contains the variable of each setting that has one.
var environment = map[string]string{
	"service_url": "PIPELINER_SERVICE_URL",
	"space_id":    "PIPELINER_SPACE_ID",
	"username":    "PIPELINER_USERNAME",
	"password":    "PIPELINER_PASSWORD",
}

func settingsSchema() schema.Schema {
	defaults, engineDefaults := client.Defaults(), engine.Defaults()
	return schema.Schema{
		MarkdownDescription: "Text message conversations of Pipeliner CRM.",
		Attributes: map[string]schema.Attribute{
			"service_url": accessSetting("service_url", "Service URL, as the space's administration shows it, such as `https://eu-central.api.pipelinersales.com`. "+
				"It can also be a bare host, or the whole base URL of the space. Plain `http` is accepted only for the local machine.", false),
			"space_id": accessSetting("space_id", "Id of the space, as its administration shows it, such as `acme_sales`.", false),
			"username": accessSetting("username", "User name of an Application, which you create in the space's administration.", false),
			"password": accessSetting("password", "Password of that Application.", true),
			"validation_level": schema.Int64Attribute{
				CustomType:          wholeNumberType{},
				Optional:            true,
				Validators:          []validator.Int64{isValidationLevel{}},
				MarkdownDescription: validationLevelDescription() + " Default `0`. A resource can set its own.",
			},
			"on_conflict": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{stringvalidator.OneOf(onConflictFail, onConflictOverwrite)},
				MarkdownDescription: fmt.Sprintf("What happens if someone else has changed a field since the plan, and the plan changes it to another value: "+
					"with `%s` (the default), the apply fails for that conversation, names the values, and doesn't change it. With `%s`, the plan wins. "+
					"In either case, the provider leaves fields alone that the plan doesn't change.", onConflictFail, onConflictOverwrite),
			},
			"default_region": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{isRegion},
				MarkdownDescription: "The region of phone numbers without `+`: two letters of ISO 3166-1, such as `US`. " +
					"With `US`, `(555) 010-0000` and `+1 555 010 0000` are the same number. If you omit it, the provider compares numbers without `+` as text. It sends each number as you write it.",
			},
			"batch_size": countSetting("The maximum number of conversations in one request.", int64(engineDefaults.BatchSize), 1, 1000),
			"batch_window": durationSetting("How long a batch waits for more conversations before it is sent. "+
				"If they arrive more slowly, the wait grows to at most 500 ms. With `0s`, it doesn't wait.", engineDefaults.BatchWindow, 0, 10*time.Second),
			"max_concurrent_requests": countSetting("The maximum number of requests at the same time.", int64(defaults.MaxConcurrentRequests), 1, 64),
			"requests_per_second": schema.Float64Attribute{
				Optional:            true,
				Validators:          []validator.Float64{float64validator.AtLeast(0.01)},
				MarkdownDescription: "The maximum number of requests per second, at least `0.01`. By default, the provider has no limit of its own. If the service limits requests, the provider waits.",
			},
			"max_retries": countSetting("How often the provider repeats a request that is safe to repeat. "+
				"Waiting for `Retry-After` doesn't count as a retry, but one request waits at most a minute for each of its tries: `1 + max_retries` minutes in total.", int64(defaults.MaxRetries), 0, 20),
			"request_timeout": durationSetting("How long one request may take, including its reply. After an interrupt, everything that is in flight ends within this time.",
				defaults.RequestTimeout, time.Second, time.Hour),
			"recovery_timeout": durationSetting("How long the provider searches for a conversation whose create got no reply, before it sends the create again or adopts a conversation that others may have made, "+
				"and how long it waits for reads that lag behind writes.", engineDefaults.RecoveryTimeout, 0, time.Hour),
		},
	}
}

func accessSetting(name, description string, sensitive bool) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		Sensitive:           sensitive,
		Validators:          []validator.String{isSet(environment[name])},
		MarkdownDescription: fmt.Sprintf("%s Required, here or in the environment variable `%s`.", description, environment[name]),
	}
}

func countSetting(description string, fallback, least, most int64) schema.Int64Attribute {
	return schema.Int64Attribute{
		CustomType:          wholeNumberType{},
		Optional:            true,
		Validators:          []validator.Int64{int64validator.Between(least, most)},
		MarkdownDescription: fmt.Sprintf("%s From %d to %d, default `%d`.", description, least, most, fallback),
	}
}

func durationSetting(description string, fallback, least, most time.Duration) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:   true,
		Validators: []validator.String{isDuration(least, most)},
		MarkdownDescription: fmt.Sprintf("%s From `%s` to `%s`, default `%s`.", description,
			client.DurationText(least), client.DurationText(most), client.DurationText(fallback)),
	}
}

// access returns the settings that can also come from the environment.
func (s *settingsModel) access() map[string]*types.String {
	return map[string]*types.String{"service_url": &s.ServiceURL, "space_id": &s.SpaceID, "username": &s.Username, "password": &s.Password}
}

// config returns the client's configuration: the defaults, with the settings that are set.
func (s *settingsModel) config(userAgent string) client.Config {
	config := client.Defaults()
	config.ServiceURL = s.ServiceURL.ValueString()
	config.SpaceID = s.SpaceID.ValueString()
	config.Username = s.Username.ValueString()
	config.Password = s.Password.ValueString()
	config.UserAgent = userAgent
	config.Logger = slog.New(terraformLog{})
	if isKnown(s.RequestsPerSecond) {
		config.RequestsPerSecond = s.RequestsPerSecond.ValueFloat64()
	}
	setCount(&config.MaxConcurrentRequests, s.MaxConcurrentRequests)
	setCount(&config.MaxRetries, s.MaxRetries)
	setDuration(&config.RequestTimeout, s.RequestTimeout)
	return config
}

// engine returns the engine's settings: the defaults, with the settings that are set.
func (s *settingsModel) engine() engine.Settings {
	settings := engine.Defaults()
	settings.DefaultRegion = s.DefaultRegion.ValueString()
	settings.Overwrite = s.OnConflict.ValueString() == onConflictOverwrite
	setCount(&settings.BatchSize, s.BatchSize)
	setDuration(&settings.BatchWindow, s.BatchWindow)
	setDuration(&settings.RecoveryTimeout, s.RecoveryTimeout)
	return settings
}

func setCount(field *int, value wholeNumber) {
	if isKnown(value) {
		*field = int(value.ValueInt64())
	}
}

func setDuration(field *time.Duration, value types.String) {
	if given, err := time.ParseDuration(value.ValueString()); err == nil {
		*field = given
	}
}

// unknown returns the names of the unknown settings, sorted.
func (s *settingsModel) unknown() (names []string) {
	for field, value := range reflect.ValueOf(*s).Fields() {
		if setting, ok := reflect.TypeAssert[attr.Value](value); ok && setting.IsUnknown() {
			names = append(names, field.Tag.Get("tfsdk"))
		}
	}
	slices.Sort(names)
	return names
}

// missing returns the names of the required settings that are not set, sorted.
func (s *settingsModel) missing() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(environment)), func(name string) bool {
		inURL := name == "space_id" && client.SpaceIn(s.ServiceURL.ValueString()) != ""
		return inURL || !s.access()[name].IsNull()
	})
}
