using System.Globalization;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Forwarding;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests;

/// <summary>A director with a configuration, and the real server that each packet reaches: for properties of many
/// packets, which a row cannot state.</summary>
internal sealed class TestDirector
{
    private readonly IEngine _engine = Engines.Current.WithCleanState(Engines.OneArm);
    private readonly NamedCounters _before;
    private readonly Dictionary<string, string> _serverByMac;
    private string _changes = "{}";
    private ForwardingTables? _tables;

    /// <summary>Starts with these changes to the default situation of the table.</summary>
    public TestDirector(string changes)
    {
        _serverByMac = new[] { "web1", "web2", "web3", "web6" }.ToDictionary(
            static name => Convert.ToHexString(CaseTable.Names.Mac(CaseNode.Of("name", name))), static name => name);
        Change(changes);
        _before = NamedCounters.Of(_engine.ReadCounters());
    }

    /// <summary>Changes the configuration of the running director.</summary>
    public void Change(string changes)
    {
        _changes = changes;
        var given = CaseTable.Given(_changes);
        _tables = TableCompiler.Compile(
            given.Configuration, given.NextHops, _tables, DateTimeOffset.UnixEpoch, _engine.ReadFlows);
        _engine.Apply(_tables);
    }

    /// <summary>The frame that the director sends for a frame of these layers.</summary>
    public byte[] Send(string layers)
    {
        var result = _engine.Trace(CaseTable.Frame(layers), 1);
        Assert.Equal(XdpAction.Transmit, result.Action);
        return result.Frame.ToArray();
    }

    /// <summary>The action for a frame of these layers.</summary>
    public XdpAction Action(string layers) => Action(CaseTable.Frame(layers));

    /// <summary>The action for a frame.</summary>
    public XdpAction Action(byte[] frame) => _engine.Trace(frame, 1).Action;

    /// <summary>The server of a layer-2 packet, by its Ethernet destination.</summary>
    public string Server(string layers) => _serverByMac[Convert.ToHexString(Send(layers).AsSpan(0, 6))];

    /// <summary>The server of a TCP segment.</summary>
    /// <param name="client">Last byte of the client's address in 203.0.113.0/24.</param>
    /// <param name="port">The client's port.</param>
    /// <param name="flags">TCP flags.</param>
    public string Tcp(int client, int port, string flags = "A") => Server(string.Create(CultureInfo.InvariantCulture,
        $"[ipv4: {{from: 203.0.113.{client}}}, tcp: {{from: {port}, flags: {flags}}}]"));

    /// <summary>Number of flows in the flow table.</summary>
    public long TrackedFlows() => _engine.ReadFlows().ByServer.Values.Sum();

    /// <summary>Counters since the director started, by name.</summary>
    public NamedCounters CountersSinceStart() => NamedCounters.Of(_engine.ReadCounters()).Since(_before);
}
