using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sidestep.Api.Status;
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
        typeof(KebabCaseJson<HealthStatus>)])]
[JsonSerializable(typeof(ServerSpec))]
[JsonSerializable(typeof(AgentReport))]
[JsonSerializable(typeof(ReportResponse))]
[JsonSerializable(typeof(DrainRequest))]
[JsonSerializable(typeof(DoctorRequest))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(DirectorStatus))]
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
    /// <inheritdoc/>
    public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IPAddress.TryParse(reader.GetString(), out var address) ? address
            : throw new JsonException("not an IP address");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
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
