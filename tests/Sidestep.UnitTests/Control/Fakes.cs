using System.Net;
using Sidestep.Control;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Control;

/// <summary>The calls of the loop to the fakes around it, in their order.</summary>
internal sealed class Journal
{
    private readonly List<string> _lines = [];

    public string[] Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public void Add(string line)
    {
        lock (_lines)
            _lines.Add(line);
    }
}

/// <summary>An engine that accepts tables or rejects them.</summary>
internal sealed class FakeEngine(Journal journal) : IEngine
{
    /// <summary>Why it rejects tables; null: it accepts them.</summary>
    public Func<ForwardingTables, string?> RejectsTables { get; set; } = static _ => null;

    /// <summary>Why it rejects interfaces; null: it attaches to them.</summary>
    public Func<IReadOnlyList<DirectorInterface>, string?> RejectsAttach { get; set; } = static _ => null;

    /// <summary>Called in the middle of <see cref="Apply"/>.</summary>
    public Action Applying { get; set; } = static () => { };

    public ForwardingTables? InForce { get; private set; }

    /// <summary>The tables that an earlier process left.</summary>
    public RunningGroups? Running { get; set; }

    /// <summary>The tracked flows.</summary>
    public FlowCounts Flows { get; set; } = new(new Dictionary<ServerKey, long>());

    public void Apply(ForwardingTables tables)
    {
        Applying();
        if (RejectsTables(tables) is { } why)
        {
            journal.Add($"refused {Describe(tables)}");
            throw new EngineException(why);
        }
        InForce = tables;
        journal.Add($"apply {Describe(tables)}");
    }

    /// <summary>False: an interface was deleted and created again.</summary>
    public bool IsAttached { get; set; } = true;

    public IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces)
    {
        var names = string.Join('+', interfaces.Select(static i => i.Name));
        if (RejectsAttach(interfaces) is { } why)
        {
            journal.Add($"cannot attach {names}");
            throw new EngineException(why);
        }
        journal.Add($"attach {names}");
        IsAttached = true;
        return [.. interfaces.Select(static i => new AttachedInterface(i.Name, Driver.Native, null))];
    }

    public RunningGroups? ReadRunning() => Running;

    public FlowCounts ReadFlows() => Flows;

    public void Remove() => throw new NotSupportedException();

    public EngineCounters ReadCounters() => throw new NotSupportedException();

    public void Dispose()
    {
    }

    /// <summary>Names of the services, then the next hops of all servers.</summary>
    private static string Describe(ForwardingTables tables) => string
        .Join('+', tables.Services.Select(static s => s.Key))
        + " by " + string
            .Join('+', tables.Groups.SelectMany(static g => g.Servers)
            .Select(static s => s.NextHop is { } hop ? $"{hop.Neighbour}"[^2..] : "none"));
}

/// <summary>An advertiser that writes its calls into the journal.</summary>
internal sealed class FakeAdvertiser(Journal journal) : IAdvertiser
{
    public void Withdraw(IReadOnlyCollection<IPNetwork> vips) => journal.Add($"withdraw {string.Join('+', vips)}");

    public void Advertise(IReadOnlyCollection<IPNetwork> vips) => journal.Add($"advertise {string.Join('+', vips)}");
}

/// <summary>A resolver with the next hops that the test sets.</summary>
internal sealed class FakeNextHops : INextHopResolver
{
    private readonly Dictionary<VrfAddress, byte> _macs = [];
    private readonly Lock _gate = new();

    public event Action? Changed;

    /// <summary>The hosts that the loop watches now.</summary>
    public (string[] Interfaces, VrfAddress[] Servers) Watched { get; private set; } = ([], []);

    public int InterfaceIndex { get; set; } = 7;

    public NextHops Current
    {
        get
        {
            lock (_gate)
            {
                var egress =
                    new EgressInterface(InterfaceIndex, "eth0", new MacAddress(1), IPAddress.Parse("10.0.0.1"), 1500);
                return new NextHops([egress], _macs
                    .ToDictionary(static m => m.Key, m => new NextHop(egress, new MacAddress(m.Value))),
                    new Dictionary<VrfAddress, string>());
            }
        }
    }

    /// <summary>The peers that the loop watches now.</summary>
    public VrfAddress[] WatchedPeers { get; private set; } = [];

    public void WatchPeers(IReadOnlyCollection<VrfAddress> peers) => WatchedPeers = [.. peers];

    public void Watch(IReadOnlyCollection<string> interfaces, IReadOnlyCollection<VrfAddress> servers) =>
        Watched = ([.. interfaces], [.. servers]);

    /// <summary>Sets the next hop of a server; <see cref="Raise"/> notifies the loop.</summary>
    public void Set(string server, byte mac)
    {
        lock (_gate)
            _macs[VrfAddress.Parse(server)] = mac;
    }

    public void Raise() => Changed?.Invoke();
}

/// <summary>An observer that writes the notifications to the journal.</summary>
internal sealed class FakeObserver(Journal journal) : IControlObserver
{
    /// <summary>Those of the newest change.</summary>
    public NextHops? NextHops { get; private set; }

    /// <summary>That of the newest change.</summary>
    public EffectiveConfiguration? Configuration { get; private set; }

    public void Applied(EffectiveConfiguration configuration, ForwardingTables tables, NextHops nextHops, bool isNewest)
    {
        (NextHops, Configuration) = (nextHops, configuration);
        journal.Add(isNewest ? "in force" : "the previous in force");
    }

    public void Attached(IReadOnlyList<AttachedInterface> interfaces) => journal.Add("attached");

    public void NotAttached(string reason) => journal.Add($"not attached: {reason}");

    public void Failed(string reason, Exception? fault) => journal.Add($"failed: {reason}");
}
