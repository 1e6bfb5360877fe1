using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Sidestep.Api.Access;
using Sidestep.Api.Audit;
using Sidestep.Api.Captures;
using Sidestep.Api.Configurations;
using Sidestep.Api.Events;
using Sidestep.Api.Flows;
using Sidestep.Api.Plans;
using Sidestep.Api.Preflight;
using Sidestep.Api.ServerOverrides;
using Sidestep.Api.Status;
using Sidestep.Api.Streams;
using Sidestep.Api.Traces;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Api;

/// <summary>The JSON form of the API: camelCase names, enumerations in kebab-case, numbers as numbers, without
/// reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = false,
    NumberHandling = JsonNumberHandling.Strict, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(AddressJson), typeof(PrefixJson), typeof(KebabCaseJson<ConditionStatus>),
        typeof(KebabCaseJson<Severity>), typeof(KebabCaseJson<EngineKind>), typeof(KebabCaseJson<StatusSource>),
        typeof(KebabCaseJson<InterfaceDriver>), typeof(KebabCaseJson<ServerCondition>),
        typeof(KebabCaseJson<HealthStatus>), typeof(KebabCaseJson<ChangeKind>), typeof(KebabCaseJson<TraceSource>),
        typeof(KebabCaseJson<FrameDirection>), typeof(KebabCaseJson<EventLevel>),
        typeof(KebabCaseJson<RevisionOutcome>), typeof(KebabCaseJson<Role>),
        typeof(KebabCaseJson<OverrideState>)])]
[JsonSerializable(typeof(ServerSpec))]
[JsonSerializable(typeof(AgentReport))]
[JsonSerializable(typeof(ReportResponse))]
[JsonSerializable(typeof(DrainRequest))]
[JsonSerializable(typeof(DoctorRequest))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(DirectorStatus))]
[JsonSerializable(typeof(FlowsLine))]
[JsonSerializable(typeof(CaptureRequest))]
[JsonSerializable(typeof(CaptureLine))]
[JsonSerializable(typeof(PlanRequest))]
[JsonSerializable(typeof(PlanReport))]
[JsonSerializable(typeof(TraceRequest))]
[JsonSerializable(typeof(TraceReport))]
[JsonSerializable(typeof(EventsReport))]
[JsonSerializable(typeof(RevisionsReport))]
[JsonSerializable(typeof(ChangeReport))]
[JsonSerializable(typeof(RevisionDifference))]
[JsonSerializable(typeof(ObjectList))]
[JsonSerializable(typeof(AlarmRecord))]
[JsonSerializable(typeof(CountersRecord))]
[JsonSerializable(typeof(SessionRecord))]
[JsonSerializable(typeof(UserRequest))]
[JsonSerializable(typeof(UserRecord))]
[JsonSerializable(typeof(UserList))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(IssuedToken))]
[JsonSerializable(typeof(TokenList))]
[JsonSerializable(typeof(LoginRequest))]
[JsonSerializable(typeof(Invitation))]
[JsonSerializable(typeof(EnrolmentRequest))]
[JsonSerializable(typeof(CertificateOrder))]
[JsonSerializable(typeof(IssuedCertificate))]
[JsonSerializable(typeof(OverrideRequest))]
[JsonSerializable(typeof(OverrideRecord))]
[JsonSerializable(typeof(OverrideList))]
[JsonSerializable(typeof(OverrideReport))]
[JsonSerializable(typeof(DirectorList))]
[JsonSerializable(typeof(AgentList))]
[JsonSerializable(typeof(AuditRecord))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(ConfigurationCheck))]
[JsonSerializable(typeof(PreflightReport))]
[JsonSerializable(typeof(ApiProblem))]
public sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>The same JSON for people and files: indented, and without escapes that only HTML needs.</summary>
    public static ApiJson Indented => field ??= new(new JsonSerializerOptions(Default.Options)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

/// <summary>An enumeration as a string in lower case with hyphens, <c>pinned-tables</c>; never as a number.</summary>
public sealed class KebabCaseJson<T>()
    : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) where T : struct, Enum;

/// <summary>An IP address as a string.</summary>
public sealed class AddressJson : JsonConverter<IPAddress>
{
    /// <summary>Characters of the longest IPv6 address with a scope.</summary>
    private const int LongestText = 65;

    /// <inheritdoc/>
    public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader is { TokenType: JsonTokenType.String, HasValueSequence: false, ValueIsEscaped: false }
            && IPAddress.TryParse(reader.ValueSpan, out var direct) ? direct
        : IPAddress.TryParse(reader.GetString(), out var address) ? address
            : throw new JsonException("not an IP address");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options)
    {
        // A listing of flows has millions: no string for each.
        Span<byte> text = stackalloc byte[LongestText];
        if (value.TryFormat(text, out var length))
            writer.WriteStringValue(text[..length]);
        else
            writer.WriteStringValue(value.ToString());
    }
}

/// <summary>A prefix as a string; a single address has no length.</summary>
public sealed class PrefixJson : JsonConverter<IPNetwork>
{
    /// <inheritdoc/>
    public override IPNetwork Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.GetString() ?? "";
        if (IPAddress.TryParse(text, out var address))
            return PrefixText.OfHost(address);
        return IPNetwork.TryParse(text, out var network) ? network
            : throw new JsonException("neither an IP address nor a prefix");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IPNetwork value, JsonSerializerOptions options) =>
        writer.WriteStringValue(PrefixText.Of(value));
}
