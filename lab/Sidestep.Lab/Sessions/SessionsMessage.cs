using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sidestep.Lab.Sessions;

/// <summary>A line of JSON from the process that holds the sessions to the lab: its state, or one failure.</summary>
internal sealed record SessionsMessage(SessionsState? State, SessionFailure? Failure, bool IsShort)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    };

    public static SessionsMessage Parse(string line) => JsonSerializer.Deserialize<SessionsMessage>(line, Json)!;

    public override string ToString() => JsonSerializer.Serialize(this, Json);
}

/// <summary>The state of the sessions.</summary>
/// <param name="Opened">Long sessions that received their first response, including those that broke later.</param>
/// <param name="Broken">Long sessions that broke, or could not be opened.</param>
/// <param name="Closed">Long sessions that both ends closed at the end.</param>
/// <param name="Responses">Correct responses on long sessions.</param>
/// <param name="PerServer">Long sessions, by server.</param>
/// <param name="ShortOk">Short sessions that both ends closed.</param>
/// <param name="ShortFailed">Short sessions that broke.</param>
/// <param name="ShortPerServer"><paramref name="ShortOk"/> by server.</param>
/// <param name="ShortPerService"><paramref name="ShortOk"/> by service.</param>
/// <param name="ShortEnded">How often the lab ended all short sessions of a service, and they have ended.</param>
internal sealed record SessionsState(
    int Opened,
    int Broken,
    int Closed,
    long Responses,
    IReadOnlyDictionary<string, int> PerServer,
    int ShortOk,
    int ShortFailed,
    IReadOnlyDictionary<string, int> ShortPerServer,
    IReadOnlyDictionary<string, int> ShortPerService,
    IReadOnlyDictionary<string, int> ShortEnded)
{
    private static readonly Dictionary<string, int> None = [];

    public static SessionsState Empty { get; } = new(0, 0, 0, 0, None, 0, 0, None, None, None);

    public int ShortOf(string server) => ShortPerServer.GetValueOrDefault(server);

    public int ShortTo(string service) => ShortPerService.GetValueOrDefault(service);
}
