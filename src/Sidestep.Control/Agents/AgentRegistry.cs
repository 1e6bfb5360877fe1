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
    /// <summary>Whose wish a drain is.</summary>
    private const string Operator = "operator";

    private readonly ConcurrentDictionary<string, ReceivedReport> _reports = new(StringComparer.Ordinal);
    private readonly HandshakeSigns _signs = new();
    private readonly DrainOverlay _drains;
    private readonly TimeProvider _time;
    private readonly string _version;
    private DutyCompiler? _compiler;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _hurry;

    /// <summary>How often somebody was in a hurry.</summary>
    private long _hurries;

    private long _mark;

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
        _mark = time.GetUtcNow().UtcTicks;
    }

    /// <inheritdoc/>
    public event Action? Changed;

    /// <inheritdoc/>
    public event Action<IPAddress, string>? Suspected;

    /// <summary>The version that duties name.</summary>
    public string Version => _version;

    /// <summary>Packets are forwarded by this from now on: duties may be others.</summary>
    public void InForce(Configuration configuration, NextHops nextHops)
    {
        var compiler = new DutyCompiler(configuration, nextHops);
        Volatile.Write(ref _compiler, compiler);
        foreach (var server in _reports.Keys.Where(k => !compiler.Knows(k)))
        {
            _reports.TryRemove(server, out _);
            lock (_signs)
                _signs.Forget(server);
        }
        EndWaits();
    }

    /// <summary>Whether a real server has this name or address.</summary>
    public bool Knows(string server) => Volatile.Read(ref _compiler)?.Knows(server) == true;

    /// <summary>The duties of a server as soon as they are others than the caller has.</summary>
    /// <param name="server">Name or address.</param>
    /// <param name="after">The revision that the caller has; null: none.</param>
    /// <param name="longest">How long to wait for others.</param>
    /// <param name="cancellation">The caller has left.</param>
    /// <returns>Null: still the same, or there is no such server any more. Before the time is over: a report is wanted (<see cref="Hurry"/>).</returns>
    public async Task<Duties?> DutiesAsync(string server, long? after, TimeSpan longest, CancellationToken cancellation)
    {
        var start = _time.GetTimestamp();
        var hurries = Volatile.Read(ref _hurries);
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            if (Volatile.Read(ref _compiler)?.For(server, _version) is not { } duties)
                return null;
            if (duties.Revision != after)
                return duties with { Issued = _time.GetUtcNow() };
            var rest = longest - _time.GetElapsedTime(start);
            if (rest <= TimeSpan.Zero || hurries != Volatile.Read(ref _hurries))
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
    public ReportAnswer? Report(string server, AgentReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var compiler = Volatile.Read(ref _compiler);
        if (compiler?.For(server, _version) is not { } duties)
            return null;
        var now = _time.GetUtcNow();
        var former = _reports.GetValueOrDefault(server);
        // What a process before gave, when clocks were set back meanwhile.
        var mark = Volatile.Read(ref _mark);
        if (report.Mark > mark)
            report = report with { Mark = 0 };
        _reports[server] = new ReceivedReport(compiler.NameOf(server), now, report);
        if (former is null || former.Report.IsFit != report.IsFit || now - former.At > SilentAfter)
            Changed?.Invoke();
        if (former is not null)
            Suspect(compiler, server, former.Report, report);
        _drains.Set(server, Operator, report.Wish == OperatorWish.Draining);
        Interlocked.Exchange(ref _reported, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        return new ReportAnswer
        {
            DutiesRevision = duties.Revision,
            NextReportMilliseconds = Volatile.Read(ref _hurry) > 0 ? 200 : null,
            Mark = mark,
            WallClock = now,
        };
    }

    /// <summary>Takes the wish of a server's operator.</summary>
    /// <returns>False: there is no such server.</returns>
    public bool Wish(string server, DrainRequest wish)
    {
        ArgumentNullException.ThrowIfNull(wish);
        if (!Knows(server))
            return false;
        _drains.Set(server, Operator, wish.State == OperatorWish.Draining);
        return true;
    }

    /// <summary>The last report of a server: by its name, or by its address.</summary>
    public ReceivedReport? Find(RealServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        return Find(server.Name, server.Address);
    }

    /// <inheritdoc/>
    public bool? IsFit(string name, IPAddress address) => Find(name, address) is { } last && _time.GetUtcNow() - last.At <= SilentAfter ? last.Report.IsFit : null;

    private void Suspect(DutyCompiler compiler, string server, AgentReport former, AgentReport report)
    {
        IReadOnlyList<string> signs;
        lock (_signs)
            signs = _signs.Take(server, former, report);
        if (signs.Count == 0)
            return;
        foreach (var address in compiler.AddressesOf(server))
        {
            foreach (var sign in signs)
                Suspected?.Invoke(address, sign);
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
    public IDisposable Hurry() => new Haste(this);

    /// <summary>A moment, for <see cref="WaitForReportsAsync"/>: what agents look at from now on will say so.</summary>
    public long Mark() => Interlocked.Increment(ref _mark);

    /// <summary>Waits until each of these servers that reports at all has sent a report of what it looked at after this moment.</summary>
    /// <param name="servers">Whose agents.</param>
    /// <param name="mark">The moment, by <see cref="Mark"/>.</param>
    /// <param name="longest">How long to wait.</param>
    /// <param name="cancellation">The caller has left.</param>
    /// <returns>Those that did not in time; without those that became silent, which is another trouble.</returns>
    public async Task<IReadOnlyList<RealServer>> WaitForReportsAsync(IReadOnlyCollection<RealServer> servers, long mark, TimeSpan longest, CancellationToken cancellation)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            var reported = Volatile.Read(ref _reported).Task;
            // One that has become silent will hardly speak now.
            RealServer[] awaited = [.. servers.Where(s => Find(s) is { } last && last.Report.Mark < mark && _time.GetUtcNow() - last.At <= SilentAfter)];
            if (awaited.Length == 0)
                return [];
            var rest = longest - _time.GetElapsedTime(start);
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
    private void EndWaits() => Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    private sealed class Haste : IDisposable
    {
        private readonly AgentRegistry _registry;

        internal Haste(AgentRegistry registry)
        {
            _registry = registry;
            Interlocked.Increment(ref registry._hurry);
            Interlocked.Increment(ref registry._hurries);
            registry.EndWaits();
        }

        public void Dispose() => Interlocked.Decrement(ref _registry._hurry);
    }
}

/// <summary>A report, and when it came.</summary>
/// <param name="Server">Name of the real server.</param>
/// <param name="At">By the director's wall clock.</param>
/// <param name="Report">What it says.</param>
public sealed record ReceivedReport(string Server, DateTimeOffset At, AgentReport Report);
