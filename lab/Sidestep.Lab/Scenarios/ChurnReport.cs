using System.Text.Json;
using Sidestep.Lab.Views;

namespace Sidestep.Lab.Scenarios;

/// <summary>The one JSON object that `lab run --json` prints for a topology that churns.</summary>
internal sealed record ChurnReport : IRunReport
{
    public required string Topology { get; init; }

    public bool Ok => Problems.Count == 0;

    /// <summary>Long-lived TCP connections that were opened before the first change and held through all of them.</summary>
    public required int Connections { get; init; }

    /// <summary>Of these, how many were reset, closed, answered wrongly, by another server, or not in time.</summary>
    public required int ConnectionsBroken { get; init; }

    /// <summary>Of these, how many asked so seldom that whole changes passed between two of their requests.</summary>
    public required int QuietConnections { get; init; }

    /// <summary>Right answers on the long-lived connections.</summary>
    public required long Responses { get; init; }

    /// <summary>The long-lived connections by server.</summary>
    public required IReadOnlyDictionary<string, int> PerServer { get; init; }

    /// <summary>Connections of less than a second that came and went all the time.</summary>
    public required int ShortConnections { get; init; }

    public required int ShortConnectionsFailed { get; init; }

    /// <summary>The former by server.</summary>
    public required IReadOnlyDictionary<string, int> ShortPerServer { get; init; }

    /// <summary>Changes of the configuration that came into force.</summary>
    public required int Changes { get; init; }

    /// <summary>How often the daemon was ended with SIGKILL.</summary>
    public required int DaemonKills { get; init; }

    /// <summary>How often the daemon was ended with SIGTERM and started again.</summary>
    public required int DaemonRestarts { get; init; }

    /// <summary>How often a daemon of another version, with another layout of the tables, took over.</summary>
    public required int Upgrades { get; init; }

    /// <summary>With `--from`: how this daemon took over from one of an earlier release. Otherwise null.</summary>
    public required TakeOver? TakeOver { get; init; }

    /// <summary>Services of the director in the end.</summary>
    public required int Services { get; init; }

    /// <summary>Numbered datagrams.</summary>
    public required long PacketsSent { get; init; }

    /// <summary>Of these, how many came to no server although somebody forwarded.</summary>
    public required long PacketsLost { get; init; }

    /// <summary>How many more came to no server because only a daemon forwards, and none ran: 0 with an engine that goes on without.</summary>
    public required long PacketsLostWithoutDaemon { get; init; }

    /// <summary>How long that was, from each end of the daemon until `sidestep status` shows the next one.</summary>
    public required double SecondsWithoutDaemon { get; init; }

    /// <summary>How many came once more, there or elsewhere.</summary>
    public required long PacketsDuplicated { get; init; }

    /// <summary>Datagrams that the kernel dropped because a socket's buffer was full: the lab's fault, not the director's.</summary>
    public required long SocketBufferDrops { get; init; }

    /// <summary>Segments that the clients' TCP sent again.</summary>
    public required long SegmentsRetransmitted { get; init; }

    public required long FramesToVipAtDirector { get; init; }

    /// <summary>Frames that left the director for a server: as many as came in for a VIP.</summary>
    public required long FramesForwardedByDirector { get; init; }

    /// <summary>Replies at the director's port: there must be none.</summary>
    public required long FramesWithVipSourceAtDirector { get; init; }

    /// <summary>The judge judged.</summary>
    public required BrokenOnPurpose BrokenOnPurpose { get; init; }

    /// <summary>The judge judged once more; null where the topology does not ask for it.</summary>
    public required LostOnPurpose? LostOnPurpose { get; init; }

    public required string Engine { get; init; }

    public required string Driver { get; init; }

    public required IReadOnlyList<ChurnStepReport> Events { get; init; }

    public required double Seconds { get; init; }

    public required IReadOnlyList<string> Problems { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, TrafficReport.Json);

    public void Write() => ChurnView.Write(this);
}

/// <param name="AtSecond">Of the run.</param>
/// <param name="Seconds">Until it was in force, or done.</param>
internal sealed record ChurnStepReport(string Step, double AtSecond, double Seconds, string? Problem)
{
    public bool Ok => Problem is null;
}

/// <summary>In the end a server is switched off under sessions that were opened for that.</summary>
/// <param name="Server">Which.</param>
/// <param name="Sessions">How many it had.</param>
/// <param name="Broken">How many the judge saw break.</param>
internal sealed record BrokenOnPurpose(string Server, int Sessions, int Broken);

/// <summary>In the end a service is taken away under numbered datagrams that were sent for that.</summary>
/// <param name="Service">Which.</param>
/// <param name="Sent">How many were sent.</param>
/// <param name="Lost">How many of them the judge missed.</param>
/// <param name="NotForwarded">How many frames entered the director meanwhile and did not leave it, as the capture saw it.</param>
internal sealed record LostOnPurpose(string Service, long Sent, long Lost, long NotForwarded);
