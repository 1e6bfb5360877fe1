using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Random changes of a pool with live flows. Seeds are fixed, so every run gives the same result.</summary>
public sealed class TransitionPropertyTests
{
    private const int Steps = 120;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(IdleTimeouts.Default.Tcp);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory, MemberData(nameof(Seeds))]
    public void Flows_stay_on_a_live_server_and_leave_a_removed_one_at_once(int seed)
    {
        var run = new Simulation(seed);
        for (var step = 0; step < Steps; step++)
        {
            run.Change();
            run.StartFlows();
            run.SendSome();
            run.Advance();
        }
        run.EndAllFlows();
        Assert.Null(run.Tables.Groups[0].Transition);
        Assert.Null(run.Tables.RecompileAt);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Restart_between_any_two_steps_changes_nothing(int seed)
    {
        var run = new Simulation(seed) { Restarts = true };
        for (var step = 0; step < Steps / 2; step++)
        {
            run.Change();
            run.StartFlows();
            run.SendSome();
            run.Advance();
        }
    }

    private sealed class Simulation
    {
        private readonly Random _random;
        private readonly List<RealServer> _servers;
        private readonly HashSet<IPAddress> _unresolved = [];
        private readonly List<(IPAddress Client, ServerKey Server, DateTimeOffset Seen)> _flows = [];
        private readonly ModelDataPlane _plane;
        private readonly Drain _drain;
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
        private int _names;
        private uint _clients = 0x0b000000;

        public Simulation(int seed)
        {
            _random = new Random(seed);
            // The deadline is after the migration window, so that the drain alone breaks no flow.
            _drain = new Drain(4000, seed % 2 == 0 ? DrainDeadlineAction.Keep : DrainDeadlineAction.Rehash);
            _servers = [.. Enumerable.Range(0, 4).Select(_ => New())];
            Tables = Compile(null);
            _plane = new ModelDataPlane(Idle) { Tables = Tables };
        }

        public bool Restarts { get; init; }

        public ForwardingTables Tables { get; private set; }

        public void Change()
        {
            var at = _servers.Count == 0 ? 0 : _random.Next(_servers.Count);
            switch (_random.Next(9))
            {
                case 0 or 1 when _servers.Count < 8:
                    _servers.Add(New());
                    break;
                case 2 when _servers.Count > 1:
                    _servers.RemoveAt(at);
                    break;
                case 3 when _servers.Count > 0:
                    _servers[at] = _servers[at] with { State = ServerState.Disabled };
                    break;
                case 4 when _servers.Count > 0:
                    _servers[at] = _servers[at] with { State = ServerState.Draining };
                    break;
                case 5 or 6 when _servers.Count > 0:
                    _servers[at] = _servers[at] with { State = ServerState.Enabled };
                    break;
                case 7 when _servers.Count > 0:
                    _servers[at] = _servers[at] with { Weight = _random.Next(4) };
                    break;
                case 8 when _servers.Count > 0:
                    if (!_unresolved.Remove(_servers[at].Address))
                        _unresolved.Add(_servers[at].Address);
                    break;
            }
            Apply();
        }

        public void StartFlows()
        {
            for (var i = 0; i < 20; i++)
            {
                var client =
                    new IPAddress(
                    [(byte)(_clients >> 24), (byte)(_clients >> 16), (byte)(_clients >> 8), (byte)_clients++]);
                if (_plane.Packet(client, isSyn: true, _now) is { } server)
                    _flows.Add((client, server, _now));
            }
        }

        public void SendSome()
        {
            for (var i = 0; i < _flows.Count; i++)
            {
                if (_random.Next(3) == 0)
                    Send(i);
            }
        }

        public void Advance() =>
            Advance(TimeSpan.FromSeconds(_random.Next(3) == 0 ? _random.Next(3000) : _random.Next(20)));

        public void EndAllFlows()
        {
            _flows.Clear();
            // Remaining times: the migration window, the time after it, and drains.
            for (var i = 0; i < 10; i++)
                Advance(Idle);
        }

        private void Advance(TimeSpan by)
        {
            var end = _now + by;
            while (Tables.RecompileAt is { } wake && wake <= end)
            {
                Assert.True(wake > _now, "the tables want to be compiled again at once");
                _now = wake;
                Apply();
            }
            _now = end;
            _flows.RemoveAll(f => _now - f.Seen > Idle);
        }

        private void Send(int flow)
        {
            var (client, server, _) = _flows[flow];
            Assert.Equal(server, _plane.Packet(client, isSyn: false, _now));
            _flows[flow] = (client, server, _now);
        }

        private void Apply()
        {
            Tables = Compile(Restarts ? ReadBack(Tables) : Tables);
            _plane.Tables = Tables;
            foreach (var lost in _flows.Where(f => !_plane.Keeps(f.Server)).ToArray())
            {
                Assert.NotEqual(lost.Server, _plane.Packet(lost.Client, isSyn: false, _now));
                _flows.Remove(lost);
            }
        }

        private ForwardingTables Compile(ForwardingTables? previous)
        {
            var lan = new EgressInterface(1, "lan0", new(2), IPAddress.Parse("192.0.2.2"), 1500);
            var hops = _servers.Where(s => !_unresolved.Contains(s.Address))
                .ToDictionary(static s => s.VrfAddress, _ => new NextHop(lan, new(3)));
            return TableCompiler.Compile(
                new Configuration
                {
                    Node = new NodeSettings { Interfaces = [new("lan0", Driver.Auto)] },
                    Group = new GroupSettings { HashKey = new HashKey(7, 9) },
                    Pools = [new Pool { Name = "web", Slots = 1021, Drain = _drain, Servers = [.. _servers] }],
                    VirtualServices =
                    [
                        new VirtualService
                        {
                            Name = "web", Vips = [IPNetwork.Parse("198.51.100.10/32")],
                                Protocol = TransportProtocol.Tcp,
                            Ports = [PortRange.One(80)], Pool = "web",
                        },
                    ],
                },
                new NextHops([lan], hops, new Dictionary<VrfAddress, string>()), previous, _now, () =>
                _plane.Count(_now));
        }

        private static ForwardingTables ReadBack(ForwardingTables tables) => new RunningGroups(tables.HashKey,
        [
            .. tables.Groups.Select(static g => g with
            {
                Slots = SlotTable.FromSlots(g.Slots.Members, g.Slots.Slots),
                Servers = [.. g.Servers.Select(static s => s with { NextHop = null })],
            }),
        ]).ToPrevious();

        private RealServer New() =>
            new()
            {
                Name = $"s{++_names}",
                Address = Sidestep.UnitTests.Forwarding.TestPools.Address(_names),
                Weight = _random.Next(1, 4)
            };
    }
}
