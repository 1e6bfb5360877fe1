using System.Text.Json;
using Sidestep.Lab.Scenarios;
using Sidestep.Lab.Views;

namespace Sidestep.Lab.Bounces;

/// <summary>The JSON object that `lab run --json` prints for a run that disturbs links and kernel state.</summary>
internal sealed record BounceReport : IRunReport
{
    public required string Topology { get; init; }

    public bool Ok => Problems.Count == 0;

    /// <summary>How often every disturbance was done.</summary>
    public required int Rounds { get; init; }

    public required IReadOnlyList<BounceEvent> Events { get; init; }

    /// <summary>How often the daemon marked a server down: must be 0, because no server failed.</summary>
    public required int ServersJudgedDown { get; init; }

    public required long DatagramsSent { get; init; }

    /// <summary>Numbered datagrams that reached no server.</summary>
    public required long DatagramsLost { get; init; }

    /// <summary>Datagrams among these that were sent while no link was down.</summary>
    public required long DatagramsLostWithLinksUp { get; init; }

    /// <summary>Datagrams among those that were sent while nothing was missing that carries traffic: must be
    /// 0.</summary>
    public required long DatagramsLostOutsideOutages { get; init; }

    /// <summary>Duration of all outages together.</summary>
    public required double OutageSeconds { get; init; }

    public required long DatagramsDuplicated { get; init; }

    public required int Connections { get; init; }

    public required int ConnectionsBroken { get; init; }

    /// <summary>Servers that do not serve at the end, as `sidestep status` tells: must be empty.</summary>
    public required IReadOnlyList<string> NotServing { get; init; }

    /// <summary>What was removed and did not come back, or came back different; each with its event.</summary>
    public required IReadOnlyList<string> NotRestored { get; init; }

    /// <summary>The longest time from a removal until everything was in place again.</summary>
    public required double LongestRestoreSeconds { get; init; }

    /// <summary>The event of that time.</summary>
    public required string LongestRestore { get; init; }

    /// <summary>A deliberate fault, which shows that the lab detects missing state and lost datagrams.</summary>
    public required RemovedResult RemovedOnPurpose { get; init; }

    public required string Engine { get; init; }

    public required string Driver { get; init; }

    public required double Seconds { get; init; }

    public required IReadOnlyList<string> Problems { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, TrafficReport.Json);

    public void Write() => BounceView.Write(this);
}

/// <param name="Node">Where something was disturbed.</param>
/// <param name="What">The disturbance: a link, or the part that was removed.</param>
/// <param name="AtSecond">Seconds since the first disturbance.</param>
/// <param name="RestoreSeconds">Seconds until everything was in place again, by the tools of the kernel.</param>
/// <param name="ConnectionsBroken">Connections that broke from then until the next disturbance.</param>
/// <param name="NotRestored">What was not; empty: everything was.</param>
internal sealed record BounceEvent(string Node, string What, double AtSecond, double RestoreSeconds,
    int ConnectionsBroken, IReadOnlyList<string> NotRestored);

/// <summary>At the end the lab removes something that nothing restores.</summary>
/// <param name="Run">The command on the node.</param>
/// <param name="Noticed">True: the lab saw that it was missing, to the end.</param>
/// <param name="Lost">Datagrams that were sent meanwhile and lost.</param>
internal sealed record RemovedResult(string Run, bool Noticed, long Lost);
