namespace Sidestep.Lab.Live;

/// <summary>The content of the live view at one moment. The views are pure functions of it.</summary>
internal sealed record LiveModel
{
    public required string Topology { get; init; }

    public required string RunId { get; init; }

    /// <summary>Time since the view started.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The director's activity, in one sentence.</summary>
    public required string Status { get; init; }

    public required LiveHealth StatusHealth { get; init; }

    /// <summary>The drawing of the topology, in lines.</summary>
    public required IReadOnlyList<string> Drawing { get; init; }

    /// <summary>How client packets reach the servers, in at most 18 characters; it labels an arrow.</summary>
    public required string Encapsulation { get; init; }

    public required LiveFlow RequestsIn { get; init; }

    public required LiveFlow RequestsForwarded { get; init; }

    /// <summary>Must be zero: replies bypass the director.</summary>
    public required LiveFlow RepliesAtDirector { get; init; }

    public required LiveFlow RepliesAtClients { get; init; }

    /// <summary>HTTP requests, as the clients count them.</summary>
    public required LiveFlow Answered { get; init; }

    /// <summary>HTTP requests, as the clients count them.</summary>
    public required LiveFlow Failed { get; init; }

    public required IReadOnlyList<LiveServer> Servers { get; init; }

    /// <summary>Index of the server that the keys act on.</summary>
    public required int Selected { get; init; }

    /// <summary>Flows that the director evicted from its flow table.</summary>
    public required long EvictedFlows { get; init; }

    /// <summary>The last events, the oldest first.</summary>
    public required IReadOnlyList<LiveEvent> Events { get; init; }

    /// <summary>Standard input is a terminal, so keys work.</summary>
    public required bool HasKeys { get; init; }

    public long TrackedFlows => Servers.Sum(s => s.TrackedFlows);
}

/// <summary>A counter: its rate over the last seconds, and its total.</summary>
internal readonly record struct LiveFlow(double PerSecond, long Total);

/// <summary>A real server, as clients and `sidestep status` see it.</summary>
/// <param name="State">The director's word for it: healthy, draining, down, disabled, unresolved.</param>
/// <param name="Answered">HTTP requests that it answered.</param>
/// <param name="TrackedFlows">Flows that the director tracks for it.</param>
/// <param name="Note">What the lab did to it; empty for nothing.</param>
internal sealed record LiveServer(string Name, string State, LiveFlow Answered, long TrackedFlows, string Note)
{
    public LiveHealth Health => State switch
    {
        LiveState.Healthy => LiveHealth.Good,
        LiveState.Down or LiveState.Unresolved => LiveHealth.Bad,
        _ => LiveHealth.Warning,
    };
}

/// <summary>The states of servers in the live view.</summary>
internal static class LiveState
{
    public const string Healthy = "healthy", Down = "down", Unresolved = "unresolved", Unknown = "unknown";

    /// <param name="condition">`state` of a server in `sidestep status --json`; null: the server is not there.</param>
    public static string Of(string? condition) => condition switch
    {
        null => Unknown,
        "serving" => Healthy,
        "failed" or "unhealthy" => Down,
        _ => condition,
    };
}

/// <summary>How good a state is; it selects the colour.</summary>
internal enum LiveHealth
{
    Good,
    Warning,
    Bad,
}

/// <param name="At">Since the view started.</param>
internal sealed record LiveEvent(TimeSpan At, string Text);
