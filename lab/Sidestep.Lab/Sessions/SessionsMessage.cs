using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sidestep.Lab.Sessions;

/// <summary>A line of JSON from the process that holds the sessions to the lab: how it stands, or one failure.</summary>
internal sealed record SessionsMessage(SessionsState? State, SessionFailure? Failure, bool IsShort)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    };

    public static SessionsMessage Parse(string line) => JsonSerializer.Deserialize<SessionsMessage>(line, Json)!;

    public override string ToString() => JsonSerializer.Serialize(this, Json);
}

/// <summary>How the sessions stand.</summary>
/// <param name="Opened">Long sessions that got their first answer, whatever became of them.</param>
/// <param name="Broken">Long sessions that broke, or could not be opened.</param>
/// <param name="Closed">Long sessions that were closed in order at the end.</param>
/// <param name="Responses">Right answers on long sessions.</param>
/// <param name="PerServer">Long sessions by the server that they have.</param>
/// <param name="ShortOk">Short sessions that came to their orderly end.</param>
/// <param name="ShortFailed">Short sessions that did not.</param>
/// <param name="ShortPerServer">The former by server.</param>
/// <param name="ShortPerService">The same by service.</param>
/// <param name="ShortEnded">How often all of a service's were told to end, and have.</param>
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
