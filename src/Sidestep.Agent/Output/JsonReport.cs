using System.Text.Json;
using System.Text.Json.Serialization;
using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.Agent.Output;

/// <summary>Prints a verification, or the errors that prevented it, as one JSON object.</summary>
internal static class JsonReport
{
    public static void Write(Verification result, TextWriter output) => Write(new ReportDocument
    {
        Ok = result.IsHealthy,
        Conditions = result.Conditions,
        Traffic = result.Counters is null ? null : result.Traffic,
        Counters = result.Counters?.ToDictionary(
            static c => JsonNamingPolicy.CamelCase.ConvertName(c.Key.ToString()), static c => c.Value),
    }, output);

    public static void Write(IReadOnlyList<Problem> problems, TextWriter output) =>
        Write(new ReportDocument { Ok = false, Errors = problems }, output);

    private static void Write(ReportDocument document, TextWriter output) =>
        output.WriteLine(JsonSerializer.Serialize(document, ReportJson.Default.ReportDocument));
}

/// <summary>The output of <c>verify --json</c>.</summary>
internal sealed record ReportDocument
{
    /// <summary>True: no condition is wrong.</summary>
    public bool Ok { get; init; }

    public IReadOnlyList<Condition> Conditions { get; init; } = [];

    /// <summary>The programs' counters by name, in camelCase; null: no program is attached.</summary>
    public IReadOnlyDictionary<string, ulong>? Counters { get; init; }

    /// <summary>Handshakes of each VIP; null: no program is attached.</summary>
    public IReadOnlyList<VipTraffic>? Traffic { get; init; }

    /// <summary>The errors because of which the agent could not verify anything.</summary>
    public IReadOnlyList<Problem> Errors { get; init; } = [];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    UseStringEnumConverter = true, Converters = [typeof(AddressJson), typeof(PrefixJson)])]
[JsonSerializable(typeof(ReportDocument))]
internal sealed partial class ReportJson : JsonSerializerContext;
