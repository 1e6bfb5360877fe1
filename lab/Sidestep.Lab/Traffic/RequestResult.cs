using System.Text.Json;

namespace Sidestep.Lab.Traffic;

/// <summary>The result of one request or datagram: a line of JSON from the traffic process to the lab.</summary>
internal sealed record RequestResult(string Source, string? Server, string? Error, double Milliseconds)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public string ToLine() => JsonSerializer.Serialize(this, Json);

    public static RequestResult Parse(string line) => JsonSerializer.Deserialize<RequestResult>(line, Json)!;
}
