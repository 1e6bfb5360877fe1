using System.Net;
using System.Threading.Channels;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control;

/// <summary>The only path to the tables: handles one event at a time, compiles, applies, and keeps the previous tables
/// on failure.</summary>
/// <remarks>Everything that it calls is an interface, so it needs neither root nor a kernel.</remarks>
public sealed class ControlLoop
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private const int MaxRetries = 5;

    /// <summary>After all retries, changes that time makes are still tried, but no more often than this.</summary>
    private static readonly TimeSpan LateRetry = TimeSpan.FromMinutes(1);

    /// <summary>A timer may fire a little before the clock shows its time; the loop must not spin until then.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(1);

    /// <summary>How long a change waits for the next hops of new servers. An ARP reply takes a millisecond; a later one
    /// is an event.</summary>
    private static readonly TimeSpan NextHopTimeout = TimeSpan.FromMilliseconds(500);

    private readonly IEngine _engine;
    private readonly INextHopResolver _nextHops;
    private readonly IControlObserver _observer;
    private readonly IHealth? _health;
    private readonly PathMtus? _pathMtus;
    private readonly IAdvertiser _advertiser;
    private readonly TimeProvider _time;
    private readonly Channel<ControlEvent> _events =
        Channel.CreateUnbounded<ControlEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly MakeBeforeBreak _makeBeforeBreak;
    private readonly List<ConfigurationChanged> _unanswered = [];
    private EffectiveConfiguration _desired;
    private EffectiveConfiguration? _proposed;

    /// <summary>The applied configuration, with what it retains of the previous one; null before the first.</summary>
    private EffectiveConfiguration? _applied;
    private ForwardingTables? _tables;

    /// <summary>The interfaces that the engine attached to; null: it is not known, because it failed.</summary>
    private IReadOnlyList<DirectorInterface>? _attached;
    private Task<bool>? _ready;
    private bool _isWaiting;
    private long _waits;

    /// <summary>Failures in a row, an exception that ended <see cref="RunAsync"/> included: the next run tries
    /// again.</summary>
    private int _failures;

    /// <summary>A loop that has applied nothing yet.</summary>
    /// <param name="engine">Forwards packets by the tables.</param>
    /// <param name="nextHops">Finds the next hops of servers.</param>
    /// <param name="configuration">The first configuration, validated, with the drains that are in force.</param>
    /// <param name="observer">Receives notifications.</param>
    /// <param name="time">The clock for retries, migration windows and drains.</param>
    /// <param name="health">The health of servers; null: there are no checks, and every server is healthy.</param>
    /// <param name="advertiser">Tells routers about VIPs; null: <see cref="NoAdvertiser"/>.</param>
    /// <param name="pathMtus">The path MTUs that were measured; null: those of the routes count.</param>
    public ControlLoop(
        IEngine engine, INextHopResolver nextHops, EffectiveConfiguration configuration, IControlObserver observer,
        TimeProvider time, IHealth? health = null, IAdvertiser? advertiser = null, PathMtus? pathMtus = null)
    {
        _advertiser = advertiser ?? new NoAdvertiser();
        _health = health;
        _pathMtus = pathMtus;
        _engine = engine;
        _nextHops = nextHops;
        _desired = configuration;
        _observer = observer;
        _time = time;
        _makeBeforeBreak = new MakeBeforeBreak(time);
        _nextHops.Changed += () => _events.Writer.TryWrite(new NextHopsChanged());
        if (_health is not null)
            _health.Changed += () => _events.Writer.TryWrite(new HealthChanged());
        if (_pathMtus is not null)
            _pathMtus.Changed += () => _events.Writer.TryWrite(new NextHopsChanged());
    }

    /// <summary>True while the loop waits for an event. Any thread.</summary>
    public bool IsWaiting => Volatile.Read(ref _isWaiting);

    /// <summary>How often the loop has begun to wait. Any thread.</summary>
    public long Waits => Interlocked.Read(ref _waits);

    private EffectiveConfiguration Applied => _applied ?? _desired;

    /// <summary>Proposes a validated configuration, with drains. Any thread. Only the newest proposal is
    /// applied.</summary>
    /// <returns>Ends when the loop has tried to apply the newest proposal of that moment. True: it is in force. False:
    /// the engine rejected it, and the loop tries it again. Never ends if the loop does not run any more.</returns>
    public Task<bool> PostAsync(EffectiveConfiguration configuration)
    {
        var changed = new ConfigurationChanged(configuration);
        _events.Writer.TryWrite(changed);
        return changed.Tried.Task;
    }

    /// <summary>Lets the loop attach again where the engine is no longer attached. Safe on any thread.</summary>
    public void AttachAgain() => _events.Writer.TryWrite(new AttachmentLost());

    /// <summary>Applies the first configuration, as a change of the tables that an earlier process left, and attaches.
    /// The caller reports a failure: the loop does not run yet.</summary>
    /// <exception cref="EngineException">The engine failed; the message names the remedy.</exception>
    public void Start()
    {
        _tables = _engine.ReadRunning()?.NotAfter(MonotonicClock.Now(_time)).ToPrevious();
        Watch(_desired);
        Apply(_desired);
    }

    /// <summary>Handles events until cancelled. After an exception it may run again.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await WaitAsync(PauseAfter(_failures), cancellation).ConfigureAwait(false);
                if (TakeEvents())
                    _failures = 0;
                _failures++;
                await WaitForNewServersAsync(cancellation).ConfigureAwait(false);
                bool isInForce = TryApply();
                if (isInForce)
                    _failures = 0;
                Answer(isInForce);
            }
        }
        catch (OperationCanceledException)
        {
            // the normal end
        }
    }

    /// <summary>How long the loop may wait for an event: until a retry, or until time changes the tables.</summary>
    private TimeSpan? PauseAfter(int failures)
    {
        if (failures is > 0 and <= MaxRetries)
            return FirstRetry * Math.Pow(2, failures - 1);
        if (Earlier(_tables?.RecompileAt, _makeBeforeBreak.Wake) is not { } wake)
            return null;
        var rest = wake - MonotonicClock.Now(_time);
        var shortest = failures == 0 ? ShortestPause : LateRetry;
        return rest > shortest ? rest : shortest;
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null || other < one ? other : one;

    /// <summary>Waits for an event, no longer than this.</summary>
    private async Task WaitAsync(TimeSpan? limit, CancellationToken cancellation)
    {
        // When the limit ends the wait, the read stays pending and is used again: the channel permits one reader.
        _ready ??= _events.Reader.WaitToReadAsync(cancellation).AsTask();
        Interlocked.Increment(ref _waits);
        Volatile.Write(ref _isWaiting, true);
        try
        {
            await _ready.WaitAsync(limit ?? Timeout.InfiniteTimeSpan, _time, cancellation).ConfigureAwait(false);
            _ready = null;
        }
        catch (TimeoutException)
        {
            // the limit was reached
        }
        finally
        {
            Volatile.Write(ref _isWaiting, false);
        }
    }

    /// <summary>Merges waiting events into one change: only the newest configuration matters.</summary>
    /// <returns>True when one of them was a configuration.</returns>
    private bool TakeEvents()
    {
        var any = false;
        while (_events.Reader.TryRead(out var next))
        {
            if (next is not ConfigurationChanged changed)
                continue;
            _proposed = changed.Configuration;
            _unanswered.Add(changed);
            any = true;
        }
        return any;
    }

    /// <summary>Tells those who proposed a configuration what became of it.</summary>
    private void Answer(bool isInForce)
    {
        foreach (var changed in _unanswered)
            changed.Tried.TrySetResult(isInForce);
        _unanswered.Clear();
    }

    /// <summary>Waits briefly for the next hops of new servers: a pool of new servers alone would have none until
    /// then.</summary>
    private async Task WaitForNewServersAsync(CancellationToken cancellation)
    {
        if (_proposed is null || WatchesSameHosts(_desired, _proposed))
            return;
        // Also those of the applied configuration: it stays if the proposed one cannot be applied.
        Watch(Applied, _proposed);
        var start = _time.GetTimestamp();
        while (NewAddresses(_desired, _proposed).Any(a => !_nextHops.Current.Servers.ContainsKey(a)))
        {
            var rest = NextHopTimeout - _time.GetElapsedTime(start);
            if (rest <= TimeSpan.Zero)
                return;
            await WaitAsync(rest, cancellation).ConfigureAwait(false);
            if (TakeEvents())
                Watch(Applied, _proposed);
        }
    }

    /// <summary>Applies the proposed configuration; without one, or if it fails, applies the previous one again with
    /// the newest next hops.</summary>
    private bool TryApply()
    {
        if (_proposed is null)
            return TryApply(_desired, static reason => reason);
        if (TryApply(_proposed, static reason => reason))
        {
            var leavesInterfaces = _desired.Desired.Node.Interfaces.Except(_proposed.Desired.Node.Interfaces)
                .Any();
            var watchesTheSame = WatchesSameHosts(_desired, _proposed);
            _desired = _proposed;
            _proposed = null;
            if (!watchesTheSame)
                Watch(_applied!);
            return !leavesInterfaces || TryApply(_desired, static reason => reason);
        }
        Watch(Applied);
        TryApply(_desired, static reason => $"the previous configuration could not be applied again either: {reason}");
        return false;
    }

    private bool TryApply(EffectiveConfiguration configuration, Func<string, string> explain)
    {
        try
        {
            Apply(configuration);
            return true;
        }
        catch (EngineException e)
        {
            _observer.Failed(explain(e.Message), null);
            return false;
        }
#pragma warning disable CA1031 // a change that cannot be compiled must not stop the others, such as those of health
        catch (Exception e)
#pragma warning restore CA1031
        {
            _observer.Failed(explain($"unexpected {e.GetType().Name}: {e.Message}"), e);
            return false;
        }
    }

    private void Apply(EffectiveConfiguration desired)
    {
        var nextHops = _nextHops.Current;
        nextHops = _pathMtus?.ApplyTo(nextHops) ?? nextHops;
        var (configuration, health) = ResolveEffective(desired);
        var tables = TableCompiler.Compile(
            configuration, nextHops, _tables, MonotonicClock.Now(_time), _engine.ReadFlows, health);
        ApplyToEngine(tables);
        _pathMtus?.Retain(tables);
        Attach(configuration.Desired.Node.Interfaces);
        _advertiser.Advertise(InService(tables));
        var wasRetained = _applied is { RetainsAny: true };
        _applied = configuration;
        _observer.Applied(configuration, tables, WithObstacles(nextHops, tables),
            isNewest: _proposed is null || ReferenceEquals(desired, _proposed));
        if (health is not null)
            _health!.Applied(configuration, tables, health);
        if (wasRetained && !configuration.RetainsAny)
            Watch(configuration);
    }

    /// <summary>Withdraws VIPs that leave service before their packets lose their tables. If the engine rejects the
    /// tables, the VIPs of the previous ones stay in service.</summary>
    private void ApplyToEngine(ForwardingTables tables)
    {
        var previous = InService(_tables);
        var leaving = previous.Except(InService(tables)).ToArray();
        if (leaving.Length > 0)
            _advertiser.Withdraw(leaving);
        try
        {
            _engine.Apply(tables);
        }
        catch
        {
            if (leaving.Length > 0)
                _advertiser.Advertise(previous);
            throw;
        }
        _tables = tables;
    }

    private static IPNetwork[] InService(ForwardingTables? tables) =>
        tables is null ? [] : [.. tables.Vips.Where(static v => v.InService).Select(static v => v.Address)];

    /// <summary>The configuration to apply, with what it retains of the applied one, and the health of its
    /// servers.</summary>
    private (EffectiveConfiguration Configuration, ServerHealth? Health) ResolveEffective(
        EffectiveConfiguration desired)
    {
        if (_health?.Evaluate(desired) is not { } health)
            return (desired, null);
        var configuration = _makeBeforeBreak.Merge(desired, _applied, health);
        return (configuration, ReferenceEquals(configuration, desired) ? health : _health.Evaluate(configuration));
    }

    /// <summary>Attaches when the list of interfaces changed, or when the engine is no longer attached to one of
    /// them.</summary>
    private void Attach(IReadOnlyList<DirectorInterface> desired)
    {
        var isKnown = _attached is not null && _attached.SequenceEqual(desired);
        if (isKnown && _engine.IsAttached)
            return;
        // After a failure it is not known which interfaces are attached, so the next attempt must attach.
        if (!isKnown)
            _attached = null;
        try
        {
            var attached = _engine.Attach(desired);
            _attached = desired;
            _observer.Attached(attached);
        }
        catch (EngineException e) when (isKnown)
        {
            // No fault of the configuration: the tables are in force, and the other interfaces forward.
            _observer.NotAttached(e.Message);
        }
    }

    /// <summary>Adds servers whose neighbour is known, but to which their encapsulation is not possible, to the
    /// unresolved ones.</summary>
    private static NextHops WithObstacles(NextHops nextHops, ForwardingTables tables)
    {
        var obstacles = tables.Groups.SelectMany(static g => g.Servers).Where(static s => s.Obstacle is not null)
            .GroupBy(static s => s.VrfAddress, static s => s.Obstacle!).ToArray();
        if (obstacles.Length == 0)
            return nextHops;
        var unresolved = new Dictionary<VrfAddress, string>(nextHops.Unresolved);
        foreach (var server in obstacles)
            unresolved[server.Key] = string.Join("; ", server.Distinct().Order(StringComparer.Ordinal));
        return nextHops with { Unresolved = unresolved };
    }

    private void Watch(params EffectiveConfiguration[] configurations)
    {
        _nextHops.Watch(
            configurations.SelectMany(static c => c.Desired.Node.Interfaces).Select(static i => i.Name).ToHashSet(),
            configurations.SelectMany(Addresses).ToHashSet());
        _nextHops.WatchPeers(configurations.SelectMany(static c => c.Desired.Group.Peers)
            .Select(VrfAddress.InDefault).ToHashSet());
    }

    /// <summary>True if both have the same interfaces, peers and servers. Most changes add and remove none, and with
    /// 100,000 servers this is much cheaper than to watch again.</summary>
    private static bool WatchesSameHosts(EffectiveConfiguration one, EffectiveConfiguration other) =>
        one.Desired.Node.Interfaces.Select(static i => i.Name)
            .SequenceEqual(other.Desired.Node.Interfaces.Select(static i => i.Name))
        && one.Desired.Group.Peers.SequenceEqual(other.Desired.Group.Peers)
        && NewAddresses(one, other).Count == 0 && NewAddresses(other, one).Count == 0;

    /// <summary>Addresses of servers that only the second has. Pools that are the same instance in both cost
    /// nothing.</summary>
    private static HashSet<VrfAddress> NewAddresses(EffectiveConfiguration one, EffectiveConfiguration other)
    {
        var previous = one.Pools.ToHashSet<Pool>(ReferenceEqualityComparer.Instance);
        var addresses = other.Pools.Where(p => !previous.Contains(p)).SelectMany(static p => p.Servers)
            .Select(static s => s.VrfAddress).ToHashSet();
        if (addresses.Count > 0)
            addresses.ExceptWith(Addresses(one));
        return addresses;
    }

    private static IEnumerable<VrfAddress> Addresses(EffectiveConfiguration configuration) =>
        configuration.Pools.SelectMany(static p => p.Servers).Select(static s => s.VrfAddress);
}

/// <summary>An event that may change the tables.</summary>
internal abstract record ControlEvent;

internal sealed record ConfigurationChanged(EffectiveConfiguration Configuration) : ControlEvent
{
    /// <summary>True once the configuration, or a newer one, is in force; false if it was tried and failed.</summary>
    public TaskCompletionSource<bool> Tried { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

internal sealed record NextHopsChanged : ControlEvent;

internal sealed record HealthChanged : ControlEvent;

internal sealed record AttachmentLost : ControlEvent;
