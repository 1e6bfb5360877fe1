using System.Threading.Channels;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control;

/// <summary>The one way to the tables: takes events one at a time, compiles, applies, keeps the last good state on failure.</summary>
/// <remarks>Everything outside is an interface: it needs neither root nor a kernel.</remarks>
public sealed class ControlLoop
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private const int MaxRetries = 5;

    private readonly IEngine _engine;
    private readonly INextHopResolver _nextHops;
    private readonly IControlObserver _observer;
    private readonly TimeProvider _time;
    private readonly Channel<ControlEvent> _events = Channel.CreateUnbounded<ControlEvent>(new UnboundedChannelOptions { SingleReader = true });
    private Configuration _configuration;
    private Configuration? _proposed;
    private ForwardingTables? _tables;
    private IReadOnlyList<DirectorInterface>? _attached;

    /// <summary>A loop that has done nothing yet.</summary>
    /// <param name="engine">What forwards.</param>
    /// <param name="nextHops">Where servers are.</param>
    /// <param name="configuration">The first configuration, validated.</param>
    /// <param name="observer">Hears what happened.</param>
    /// <param name="time">The clock that retries wait by.</param>
    public ControlLoop(IEngine engine, INextHopResolver nextHops, Configuration configuration, IControlObserver observer, TimeProvider time)
    {
        _engine = engine;
        _nextHops = nextHops;
        _configuration = configuration;
        _observer = observer;
        _time = time;
        _nextHops.Changed += () => _events.Writer.TryWrite(new NextHopsChanged());
    }

    /// <summary>Hands over a new, validated configuration. Any thread.</summary>
    public void Post(Configuration configuration) => _events.Writer.TryWrite(new ConfigurationChanged(configuration));

    /// <summary>Applies the first configuration and attaches. What it cannot do is the caller's to report: nothing runs yet.</summary>
    /// <exception cref="EngineException">Names the cure.</exception>
    public void Start()
    {
        Watch(_configuration);
        Apply(_configuration);
    }

    /// <summary>Handles events until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var failures = 0;
        try
        {
            while (true)
            {
                await WaitAsync(failures, cancellation).ConfigureAwait(false);
                // Events that came together become one change: only the newest configuration matters.
                while (_events.Reader.TryRead(out var next))
                {
                    if (next is ConfigurationChanged changed)
                    {
                        _proposed = changed.Configuration;
                        Watch(_proposed);
                        failures = 0;
                    }
                }
                failures = TryApply() ? 0 : failures + 1;
            }
        }
        catch (OperationCanceledException)
        {
            // the normal end
        }
    }

    /// <summary>Waits for an event; after a failure no longer than the pause before the next try, which doubles.</summary>
    private async Task WaitAsync(int failures, CancellationToken cancellation)
    {
        var ready = _events.Reader.WaitToReadAsync(cancellation).AsTask();
        if (failures is > 0 and <= MaxRetries)
            await Task.WhenAny(ready, Task.Delay(FirstRetry * Math.Pow(2, failures - 1), _time, cancellation)).ConfigureAwait(false);
        else
            await ready.ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>Applies the proposed configuration, or the one in force when there is none or it cannot be applied: next hops
    /// are followed in either case.</summary>
    private bool TryApply()
    {
        try
        {
            Apply(_proposed ?? _configuration);
            _configuration = _proposed ?? _configuration;
            _proposed = null;
            return true;
        }
        catch (EngineException e)
        {
            _observer.Failed(e.Message);
        }
        if (_proposed is null)
            return false;
        try
        {
            Apply(_configuration);
        }
        catch (EngineException e)
        {
            _observer.Failed($"the configuration in force could not be applied again either: {e.Message}");
        }
        return false;
    }

    private void Apply(Configuration configuration)
    {
        var tables = TableCompiler.Compile(configuration, _nextHops.Current, _tables);
        _engine.Apply(tables);
        _tables = tables;
        var wanted = configuration.Director.Interfaces;
        if (_attached is null || !_attached.SequenceEqual(wanted))
        {
            var attached = _engine.Attach(wanted);
            _attached = wanted;
            _observer.Attached(attached);
        }
        _observer.Applied(configuration, tables, _nextHops.Current);
    }

    private void Watch(Configuration configuration) => _nextHops.Watch(
        configuration.Director.Interfaces.Select(static i => i.Name).ToArray(),
        configuration.Pools.SelectMany(static p => p.Servers).Select(static s => s.Address).ToHashSet());
}

/// <summary>Something that may change the tables.</summary>
internal abstract record ControlEvent;

internal sealed record ConfigurationChanged(Configuration Configuration) : ControlEvent;

internal sealed record NextHopsChanged : ControlEvent;

/// <summary>Hears what the loop did; called on its thread, must not block.</summary>
public interface IControlObserver
{
    /// <summary>Packets are forwarded by these tables now.</summary>
    void Applied(Configuration configuration, ForwardingTables tables, NextHops nextHops);

    /// <summary>The interfaces that packets are taken from changed.</summary>
    void Attached(IReadOnlyList<AttachedInterface> interfaces);

    /// <summary>A change could not be made; the former tables stay in force. It is tried again a few times.</summary>
    void Failed(string reason);
}
