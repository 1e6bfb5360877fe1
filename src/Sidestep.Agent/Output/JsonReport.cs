using System.Text.Json;
using System.Text.Json.Serialization;
using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.Agent.Output;

/// <summary>Prints what verify found, or why it could not look, as one JSON object.</summary>
internal static class JsonReport
{
    public static void Write(Verification result, TextWriter output) => Write(new ReportDocument
    {
        Ok = result.IsHealthy,
        Conditions = result.Conditions,
        Traffic = result.Counters is null ? null : result.Traffic,
        Counters = result.Counters?.ToDictionary(static c => JsonNamingPolicy.CamelCase.ConvertName(c.Key.ToString()), static c => c.Value),
    }, output);

    public static void Write(IReadOnlyList<Problem> problems, TextWriter output) =>
        Write(new ReportDocument { Ok = false, Errors = problems }, output);

    private static void Write(ReportDocument document, TextWriter output) =>
        output.WriteLine(JsonSerializer.Serialize(document, ReportJson.Default.ReportDocument));
}

/// <summary>The form of <c>--json</c>.</summary>
internal sealed record ReportDocument
{
    public bool Ok { get; init; }

    public IReadOnlyList<Condition> Conditions { get; init; } = [];

    public IReadOnlyDictionary<string, ulong>? Counters { get; init; }

    public IReadOnlyList<VipTraffic>? Traffic { get; init; }

    public IReadOnlyList<Problem> Errors { get; init; } = [];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    UseStringEnumConverter = true, Converters = [typeof(AddressJson), typeof(PrefixJson)])]
[JsonSerializable(typeof(ReportDocument))]
internal sealed partial class ReportJson : JsonSerializerContext;
