using System.Collections.Immutable;
using Sidestep.Api.Status;

namespace Sidestep.Daemon;

/// <summary>Keeps what the daemon reports about itself in the status. Safe for threads.</summary>
/// <param name="initial">The report at the start.</param>
internal sealed class StatusReporter(DaemonStatus initial)
{
    private readonly Lock _gate = new();
    private readonly ImmutableArray<string>[] _problems =
        [.. Enum.GetValues<ProblemSource>().Select(static _ => ImmutableArray<string>.Empty)];

    /// <summary>Errors of the configuration file; a valid file clears them.</summary>
    private ImmutableArray<string> _fileErrors = [];

    /// <summary>Why the newest configuration or the newest next hops are not in force; empty: they are.</summary>
    private ImmutableArray<string> _applyErrors = [];

    private DaemonStatus _report = initial;

    /// <summary>The present report.</summary>
    internal DaemonStatus Current
    {
        get
        {
            lock (_gate)
                return _report;
        }
    }

    /// <summary>Changes the report.</summary>
    internal void Change(Func<DaemonStatus, DaemonStatus> change)
    {
        lock (_gate)
            Update(change(_report));
    }

    /// <summary>Replaces the errors of the configuration file.</summary>
    internal void SetFileErrors(ImmutableArray<string> errors)
    {
        lock (_gate)
        {
            _fileErrors = errors;
            Update(_report);
        }
    }

    /// <summary>Records why a change was not applied.</summary>
    internal void SetApplyError(string error)
    {
        lock (_gate)
        {
            _applyErrors = [error];
            Update(_report);
        }
    }

    /// <summary>Replaces the problems from one source.</summary>
    internal void SetProblems(ProblemSource source, ImmutableArray<string> problems)
    {
        lock (_gate)
        {
            _problems[(int)source] = problems;
            Update(_report);
        }
    }

    /// <summary>Records that tables have come into force.</summary>
    /// <param name="nextHops">The next hops in the tables.</param>
    /// <param name="isNewest">False: a newer configuration could not be applied; its errors stay.</param>
    /// <param name="problems">The problems of the sources that change with the tables.</param>
    /// <returns>Servers whose next hop is unresolved now and was not before, and problems that are new; as
    /// sentences.</returns>
    internal (IReadOnlyList<string> Unresolved, IReadOnlyList<string> Problems) Applied(
        Forwarding.NextHops nextHops, bool isNewest, IReadOnlyDictionary<ProblemSource,
        ImmutableArray<string>> problems)
    {
        lock (_gate)
        {
            ImmutableArray<string> unresolved =
                [.. nextHops.Unresolved.Select(static u => $"{u.Key}: {u.Value}").Order(StringComparer.Ordinal)];
            var newlyUnresolved = unresolved.Except(_report.Unresolved).ToArray();
            var before = Degraded();
            foreach (var (source, texts) in problems)
                _problems[(int)source] = texts;
            if (isNewest)
                _applyErrors = [];
            Update(_report with { Starting = false, Unresolved = unresolved });
            return (newlyUnresolved, [.. Degraded().Except(before)]);
        }
    }

    private ImmutableArray<string> Degraded() => [.. _problems.SelectMany(static p => p)];

    private void Update(DaemonStatus next) =>
        _report = next with { Errors = [.. _fileErrors, .. _applyErrors], Degraded = Degraded() };
}

/// <summary>The sources of problems that do not stop forwarding, in the order of the report.</summary>
internal enum ProblemSource
{
    /// <summary>A configuration file that cannot be read.</summary>
    ConfigurationFile,

    /// <summary>Interfaces that the engine could not attach to again.</summary>
    Attachment,

    /// <summary>Other directors that are not found.</summary>
    Peers,

    /// <summary>Addresses of this machine that are VIPs, or in VIP prefixes.</summary>
    LocalAddresses,

    /// <summary>Servers and services that a change retains (make before break).</summary>
    Retained,

    /// <summary>Groups in panic mode.</summary>
    Panic,

    /// <summary>Multicast addresses of IPv6 VIPs.</summary>
    Multicast,

    /// <summary>Routes and filters that bring probes onto the DSR path.</summary>
    Health,

    /// <summary>Rules, routes and filters that something removes again and again.</summary>
    KernelState,

    /// <summary>Loops that fail again and again, and what a loop could not do.</summary>
    Loops,

    /// <summary>Fragmentation of punted packets.</summary>
    Punt,

    /// <summary>The API, and VIP conflict detection.</summary>
    Management,

    /// <summary>The export of metrics.</summary>
    Otlp,
}
