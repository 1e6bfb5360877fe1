using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Sidestep.Api;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Agents;

/// <summary>What agents said, and what they are to do. Safe for threads.</summary>
/// <remarks>Holds one report per real server of the configuration, and nothing of others.</remarks>
public sealed class AgentRegistry : IAgentReports
{
    private readonly ConcurrentDictionary<string, ReceivedReport> _reports = new(StringComparer.Ordinal);
    private readonly HandshakeSignals _handshakeSignals = new();
    private readonly DrainOverlay _drains;
    private readonly TimeProvider _time;
    private readonly string _version;
    private ServerSpecCompiler? _compiler;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _expediters;

    /// <summary>How often somebody was in a hurry.</summary>
    private long _expediteCount;

    private long _epoch;

    /// <summary>Knows nothing yet.</summary>
    /// <param name="drains">Gets the wishes of servers' operators.</param>
    /// <param name="version">Of the director's program.</param>
    /// <param name="time">The clock.</param>
    public AgentRegistry(DrainOverlay drains, string version, TimeProvider time)
    {
        _drains = drains;
        _version = version;
        _time = time;
        // Greater than all of a process before: what agents still hold of that one is no mark of this.
        _epoch = time.GetUtcNow().UtcTicks;
    }

    /// <inheritdoc/>
    public event Action? Changed;

    /// <inheritdoc/>
    public event Action<IPAddress, string>? PassiveSignalRaised;

    /// <summary>The version that duties name.</summary>
    public string Version => _version;

    /// <summary>Packets are forwarded by this from now on: duties may be others.</summary>
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
        WakeWaiters();
    }

    /// <summary>Whether a real server has this name or address.</summary>
    public bool Knows(string server) => Volatile.Read(ref _compiler)?.Knows(server) == true;

    /// <summary>The duties of a server as soon as they are others than the caller has.</summary>
    /// <param name="server">Name or address.</param>
    /// <param name="after">The revision that the caller has; null: none.</param>
    /// <param name="timeout">How long to wait for others.</param>
    /// <param name="cancellation">The caller has left.</param>
    /// <returns>Null: still the same, or there is no such server any more. Before the time is over: a report is wanted (<see cref="ExpediteReports"/>).</returns>
    public async Task<ServerSpec?> GetSpecAsync(string server, long? after, TimeSpan timeout, CancellationToken cancellation)
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

    /// <summary>Takes a report.</summary>
    /// <returns>Null: there is no such server.</returns>
    public ReportResponse? Report(string server, AgentReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var compiler = Volatile.Read(ref _compiler);
        if (compiler?.SpecFor(server, _version) is not { } spec)
            return null;
        var now = _time.GetUtcNow();
        var previous = _reports.GetValueOrDefault(server);
        // What a process before gave, when clocks were set back meanwhile.
        var epoch = Volatile.Read(ref _epoch);
        if (report.ReportEpoch > epoch)
            report = report with { ReportEpoch = 0 };
        _reports[server] = new ReceivedReport(compiler.NameOf(server), now, report);
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
            WallClock = now,
        };
    }

    /// <summary>Takes the wish of a server's operator.</summary>
    /// <returns>False: there is no such server.</returns>
    public bool SetAdminState(string server, DrainRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!Knows(server))
            return false;
        _drains.Set(server, DrainSource.Operator, request.State == AdminStates.Draining);
        return true;
    }

    /// <summary>The last report of a server: by its name, or by its address.</summary>
    public ReceivedReport? Find(RealServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        return Find(server.Name, server.Address);
    }

    /// <inheritdoc/>
    public bool? IsHealthy(string name, IPAddress address) => Find(name, address) is { } last && _time.GetUtcNow() - last.At <= SilentAfter ? last.Report.IsHealthy : null;

    private void RaisePassiveSignals(ServerSpecCompiler compiler, string server, AgentReport previous, AgentReport report)
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

    private ReceivedReport? Find(string name, IPAddress address)
    {
        var byName = _reports.GetValueOrDefault(name);
        var byAddress = _reports.GetValueOrDefault(address.ToString());
        return byName is null || byAddress?.At > byName.At ? byAddress : byName;
    }

    /// <summary>All reports, by who sent them.</summary>
    public ImmutableArray<ReceivedReport> All => [.. _reports.Values.OrderBy(static r => r.Server, StringComparer.Ordinal)];

    /// <summary>Has agents report now, and more often until it is disposed.</summary>
    public IDisposable ExpediteReports() => new Expedited(this);

    /// <summary>A moment, for <see cref="WaitForReportsAsync"/>: what agents look at from now on will say so.</summary>
    public long BeginEpoch() => Interlocked.Increment(ref _epoch);

    /// <summary>Waits until each of these servers that reports at all has sent a report of what it looked at after this moment.</summary>
    /// <param name="servers">Whose agents.</param>
    /// <param name="epoch">The moment, by <see cref="BeginEpoch"/>.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellation">The caller has left.</param>
    /// <returns>Those that did not in time; without those that became silent, which is another trouble.</returns>
    public async Task<IReadOnlyList<RealServer>> WaitForReportsAsync(IReadOnlyCollection<RealServer> servers, long epoch, TimeSpan timeout, CancellationToken cancellation)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            var reported = Volatile.Read(ref _reported).Task;
            // One that has become silent will hardly speak now.
            RealServer[] awaited = [.. servers.Where(s => Find(s) is { } last && last.Report.ReportEpoch < epoch && _time.GetUtcNow() - last.At <= SilentAfter)];
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

    /// <summary>An agent that was not heard for this long is silent: it misses two reports in a row.</summary>
    public static TimeSpan SilentAfter { get; } = TimeSpan.FromSeconds(6);

    /// <summary>Whoever waits for other duties looks again.</summary>
    private void WakeWaiters() => Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

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

/// <summary>A report, and when it came.</summary>
/// <param name="Server">Name of the real server.</param>
/// <param name="At">By the director's wall clock.</param>
/// <param name="Report">What it says.</param>
public sealed record ReceivedReport(string Server, DateTimeOffset At, AgentReport Report);
