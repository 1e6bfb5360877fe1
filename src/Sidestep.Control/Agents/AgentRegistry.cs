using System.Collections.Concurrent;
using System.Collections.Immutable;
using Sidestep.Api;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Agents;

/// <summary>The newest report of each agent, and the spec for each server. Safe for threads.</summary>
/// <remarks>Holds at most one report per real server of the configuration, and none of other hosts.</remarks>
public sealed class AgentRegistry : IAgentReports
{
    private readonly ConcurrentDictionary<RealServerKey, ReceivedReport> _reports = new();
    private readonly HandshakeSignals _handshakeSignals = new();
    private readonly DrainOverlay _drains;
    private readonly TimeProvider _time;
    private readonly string _version;
    private ServerSpecCompiler? _compiler;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _expediters;

    /// <summary>How often reports were expedited since the start.</summary>
    private long _expediteCount;

    private long _epoch;

    /// <summary>Creates a registry without a configuration: it knows no server yet.</summary>
    /// <param name="drains">Receives the admin states that operators of servers set.</param>
    /// <param name="version">Version of the director's program.</param>
    /// <param name="time">The clock.</param>
    public AgentRegistry(DrainOverlay drains, string version, TimeProvider time)
    {
        _drains = drains;
        _version = version;
        _time = time;
        // Greater than every epoch of an earlier process, so an agent that still returns one of those does not match.
        _epoch = time.GetUtcNow().UtcTicks;
    }

    /// <inheritdoc/>
    public event Action? Changed;

    /// <inheritdoc/>
    public event Action<VrfAddress, string>? PassiveSignalRaised;

    /// <summary>Version of the director's program, as specs have it.</summary>
    public string Version => _version;

    /// <summary>Called after the engine applied a configuration. Specs may have changed; reports of removed servers are
    /// dropped, and so are drains that their operators requested.</summary>
    public void Applied(EffectiveConfiguration configuration, NextHops nextHops)
    {
        var compiler = new ServerSpecCompiler(configuration, nextHops);
        Volatile.Write(ref _compiler, compiler);
        foreach (var server in _reports.Keys.Where(k => !compiler.Knows(k)))
        {
            _reports.TryRemove(server, out _);
            lock (_handshakeSignals)
                _handshakeSignals.Remove(server);
        }
        // Otherwise no operator could end the drain of a server whose agent is gone.
        foreach (var drain in _drains.Drains.Where(d => d.Source == DrainSource.Operator && !compiler.Knows(d.Server)))
            _drains.Set(drain.Server, drain.Source, drains: false);
        WakeWaiters();
    }

    /// <summary>True if a real server has this name or address.</summary>
    public bool Knows(RealServerKey server) => Volatile.Read(ref _compiler)?.Knows(server) == true;

    /// <summary>The spec of a server, as soon as it differs from the one that the caller has.</summary>
    /// <param name="server">The server.</param>
    /// <param name="after">The revision of the caller's spec; null: the caller has none.</param>
    /// <param name="timeout">How long to wait for a change.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Null: the spec is unchanged, or the server no longer exists. Null before the timeout also requests a
    /// report (<see cref="ExpediteReports"/>).</returns>
    public async Task<ServerSpec?> GetSpecAsync(
        RealServerKey server, long? after, TimeSpan timeout, CancellationToken cancellation)
    {
        var start = _time.GetTimestamp();
        var expediteCount = Volatile.Read(ref _expediteCount);
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            if (Volatile.Read(ref _compiler)?.SpecFor(server, _version) is not { } spec)
                return null;
            if (spec.Revision != after)
                return spec with { Issued = _time.GetUtcNow() };
            var rest = timeout - _time.GetElapsedTime(start);
            if (rest <= TimeSpan.Zero || expediteCount != Volatile.Read(ref _expediteCount))
                return null;
            try
            {
                await changed.WaitAsync(rest, _time, cancellation).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }

    /// <summary>Stores a report and applies the admin state in it.</summary>
    /// <returns>Null: no server has this name or address.</returns>
    public ReportResponse? Report(RealServerKey server, AgentReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var compiler = Volatile.Read(ref _compiler);
        if (compiler?.SpecFor(server, _version) is not { } spec)
            return null;
        var now = MonotonicClock.Now(_time);
        var previous = _reports.GetValueOrDefault(server);
        // A larger epoch is from an earlier process, whose clock was ahead.
        var epoch = Volatile.Read(ref _epoch);
        if (report.ReportEpoch > epoch)
            report = report with { ReportEpoch = 0 };
        _reports[server] = new ReceivedReport(compiler.KeyByName(server), now, report);
        if (previous is null || previous.Report.IsHealthy != report.IsHealthy || now - previous.At > SilentAfter)
            Changed?.Invoke();
        if (previous is not null)
            RaisePassiveSignals(compiler, server, previous.Report, report);
        _drains.Set(server, DrainSource.Operator, report.AdminState == AdminStates.Draining);
        Interlocked.Exchange(ref _reported, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        return new ReportResponse
        {
            SpecRevision = spec.Revision,
            NextReportMilliseconds = Volatile.Read(ref _expediters) > 0 ? 200 : null,
            ReportEpoch = epoch,
            WallClock = _time.GetUtcNow(),
        };
    }

    /// <summary>Sets the admin state that the operator of a server requests.</summary>
    /// <returns>False: no server has this name or address.</returns>
    public bool SetAdminState(RealServerKey server, DrainRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!Knows(server))
            return false;
        _drains.Set(server, DrainSource.Operator, request.State == AdminStates.Draining);
        return true;
    }

    /// <summary>The newest report of a server, by its name or its address; null: its agent never reported.</summary>
    public ReceivedReport? Find(RealServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        return Newest(server) is { } report ? WithWallClock(report) : null;
    }

    /// <summary>The newest report of a server, received at a time of <see cref="MonotonicClock"/>.</summary>
    private ReceivedReport? Newest(RealServer server)
    {
        var byName = _reports.GetValueOrDefault(server.KeyByName);
        var byAddress = _reports.GetValueOrDefault(server.KeyByAddress);
        return byName is null || byAddress?.At > byName.At ? byAddress : byName;
    }

    /// <inheritdoc/>
    public bool? IsHealthy(RealServer server) =>
        Newest(server) is { } last && MonotonicClock.Now(_time) - last.At <= SilentAfter ? last.Report.IsHealthy : null;

    private void RaisePassiveSignals(
        ServerSpecCompiler compiler, RealServerKey server, AgentReport previous, AgentReport report)
    {
        IReadOnlyList<string> signals;
        lock (_handshakeSignals)
            signals = _handshakeSignals.Update(server, previous, report);
        if (signals.Count == 0)
            return;
        foreach (var address in compiler.AddressesOf(server))
        {
            foreach (var signal in signals)
                PassiveSignalRaised?.Invoke(address, signal);
        }
    }

    /// <summary>The newest report of every server, ordered by server name.</summary>
    public ImmutableArray<ReceivedReport> All =>
        [.. _reports.Values.OrderBy(static r => r.Server.ToString(), StringComparer.Ordinal).Select(WithWallClock)];

    private ReceivedReport WithWallClock(ReceivedReport report) =>
        report with { At = MonotonicClock.ToWallClock(_time, report.At) };

    /// <summary>Requests reports now, and every 200 ms until the result is disposed.</summary>
    public IDisposable ExpediteReports() => new Expedited(this);

    /// <summary>Begins a report epoch, for <see cref="WaitForReportsAsync"/>. Reports that agents make from now on
    /// carry it.</summary>
    public long BeginEpoch() => Interlocked.Increment(ref _epoch);

    /// <summary>Waits until all of these servers that have a reporting agent have sent a report with this epoch or a
    /// later one.</summary>
    /// <param name="servers">The servers whose agents to wait for.</param>
    /// <param name="epoch">From <see cref="BeginEpoch"/>.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The servers whose report did not come in time, without those whose agent became silent.</returns>
    public async Task<IReadOnlyList<RealServer>> WaitForReportsAsync(
        IReadOnlyCollection<RealServer> servers, long epoch, TimeSpan timeout, CancellationToken cancellation)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            var reported = Volatile.Read(ref _reported).Task;
            // An agent that became silent is not expected to report in time.
            RealServer[] awaited =
            [
                .. servers.Where(s => Newest(s) is { } last && last.Report.ReportEpoch < epoch
                    && MonotonicClock.Now(_time) - last.At <= SilentAfter),
            ];
            if (awaited.Length == 0)
                return [];
            var rest = timeout - _time.GetElapsedTime(start);
            if (rest <= TimeSpan.Zero)
                return awaited;
            try
            {
                await reported.WaitAsync(rest, _time, cancellation).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return awaited;
            }
        }
    }

    /// <summary>An agent without a report for this long is silent: it missed two in a row.</summary>
    public static TimeSpan SilentAfter { get; } = TimeSpan.FromSeconds(6);

    /// <summary>Lets every waiting <see cref="GetSpecAsync"/> check again.</summary>
    private void WakeWaiters() =>
        Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    private sealed class Expedited : IDisposable
    {
        private readonly AgentRegistry _registry;

        internal Expedited(AgentRegistry registry)
        {
            _registry = registry;
            Interlocked.Increment(ref registry._expediters);
            Interlocked.Increment(ref registry._expediteCount);
            registry.WakeWaiters();
        }

        public void Dispose() => Interlocked.Decrement(ref _registry._expediters);
    }
}

/// <summary>A report, and when the director received it.</summary>
/// <param name="Server">The real server, by its name.</param>
/// <param name="At">By the director's wall clock.</param>
/// <param name="Report">The report.</param>
public sealed record ReceivedReport(RealServerKey Server, DateTimeOffset At, AgentReport Report);
