using System.Text.Json;
using Sidestep.Lab.Views;

namespace Sidestep.Lab.Scenarios;

/// <summary>The JSON object that `lab run --json` prints for a churn topology.</summary>
internal sealed record ChurnReport : IRunReport
{
    public required string Topology { get; init; }

    public bool Ok => Problems.Count == 0;

    /// <summary>TCP connections that the lab opened before the first change and kept open during all of them.</summary>
    public required int Connections { get; init; }

    /// <summary>Connections among these that were reset or closed, or got a wrong, foreign or late response.</summary>
    public required int ConnectionsBroken { get; init; }

    /// <summary>Connections among these with so few requests that whole changes happen between two of them.</summary>
    public required int QuietConnections { get; init; }

    /// <summary>Correct responses on the long-lived connections.</summary>
    public required long Responses { get; init; }

    /// <summary>The long-lived connections by server.</summary>
    public required IReadOnlyDictionary<string, int> PerServer { get; init; }

    /// <summary>Connections shorter than a second, opened and closed during the whole run.</summary>
    public required int ShortConnections { get; init; }

    public required int ShortConnectionsFailed { get; init; }

    /// <summary>The short connections by server.</summary>
    public required IReadOnlyDictionary<string, int> ShortPerServer { get; init; }

    /// <summary>Changes of the configuration that came into force.</summary>
    public required int Changes { get; init; }

    /// <summary>How often the lab ended the daemon with SIGKILL.</summary>
    public required int DaemonKills { get; init; }

    /// <summary>How often the lab ended the daemon with SIGTERM and started it again.</summary>
    public required int DaemonRestarts { get; init; }

    /// <summary>How often a daemon of another version, with another layout of the tables, took over.</summary>
    public required int Upgrades { get; init; }

    /// <summary>With `--from`: how this daemon took over from one of an earlier release. Otherwise null.</summary>
    public required TakeOver? TakeOver { get; init; }

    /// <summary>Number of the director's services at the end.</summary>
    public required int Services { get; init; }

    /// <summary>Numbered datagrams that clients sent.</summary>
    public required long PacketsSent { get; init; }

    /// <summary>Datagrams among these that reached no server although the director forwarded.</summary>
    public required long PacketsLost { get; init; }

    /// <summary>Further datagrams that reached no server because no daemon ran; 0 with an engine that forwards without
    /// it.</summary>
    public required long PacketsLostWithoutDaemon { get; init; }

    /// <summary>Duration of that, from each end of the daemon until `sidestep status` shows the next one.</summary>
    public required double SecondsWithoutDaemon { get; init; }

    /// <summary>Additional copies of datagrams, at any server.</summary>
    public required long PacketsDuplicated { get; init; }

    /// <summary>Datagrams that the kernel dropped because a socket's buffer was full, which is not the director's
    /// fault.</summary>
    public required long SocketBufferDrops { get; init; }

    /// <summary>Segments that the clients' TCP retransmitted.</summary>
    public required long SegmentsRetransmitted { get; init; }

    public required long FramesToVipAtDirector { get; init; }

    /// <summary>Frames that left the director for a server: as many as came in for a VIP.</summary>
    public required long FramesForwardedByDirector { get; init; }

    /// <summary>Replies at the director's port: there must be none.</summary>
    public required long FramesWithVipSourceAtDirector { get; init; }

    /// <summary>Shows that the lab detects breaks.</summary>
    public required BrokenOnPurpose BrokenOnPurpose { get; init; }

    /// <summary>Shows that the lab detects losses; null if the topology has no such check.</summary>
    public required LostOnPurpose? LostOnPurpose { get; init; }

    public required string Engine { get; init; }

    public required string Driver { get; init; }

    public required IReadOnlyList<ChurnStepReport> Events { get; init; }

    public required double Seconds { get; init; }

    public required IReadOnlyList<string> Problems { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, TrafficReport.Json);

    public void Write() => ChurnView.Write(this);
}

/// <param name="AtSecond">Start of the step, in seconds since the start of the run.</param>
/// <param name="Seconds">Duration until it was in force or done.</param>
internal sealed record ChurnStepReport(string Step, double AtSecond, double Seconds, string? Problem)
{
    public bool Ok => Problem is null;
}

/// <summary>At the end the lab disables a server under sessions that it opened for this purpose.</summary>
/// <param name="Server">Name of the server.</param>
/// <param name="Sessions">Number of the server's sessions.</param>
/// <param name="Broken">Number of sessions that the lab saw break.</param>
internal sealed record BrokenOnPurpose(string Server, int Sessions, int Broken);

/// <summary>At the end the lab removes a service under numbered datagrams that it sends for this purpose.</summary>
/// <param name="Service">Name of the service.</param>
/// <param name="Sent">Number of datagrams sent.</param>
/// <param name="Lost">Number of datagrams that the lab missed.</param>
/// <param name="NotForwarded">Number of frames that entered the director meanwhile and did not leave it, according to
/// the capture.</param>
internal sealed record LostOnPurpose(string Service, long Sent, long Lost, long NotForwarded);
