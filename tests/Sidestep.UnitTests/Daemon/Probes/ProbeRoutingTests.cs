using System.Net;
using System.Net.Sockets;
using Sidestep.Daemon.Probes;
using Sidestep.Forwarding;
using Sidestep.Native;

namespace Sidestep.UnitTests.Daemon.Probes;

public sealed class ProbeRoutingTests : IDisposable
{
    private static readonly EgressInterface Eth0 = TestDirector.Eth0;
    private static readonly EgressInterface Eth1 = Eth0 with { Index = 3, Name = "eth1" };
    private readonly FakeKernel _kernel = new();
    private readonly List<string> _log = [];
    private readonly ProbeRouting _routing;

    public ProbeRoutingTests() => _routing = new ProbeRouting(_kernel, _kernel, _log.Add);

    [Fact]
    public void Filter_is_on_every_interface_and_each_family_has_one_route()
    {
        _routing.Update([Eth0, Eth1]);
        Assert.Equal(
            ["attach 2", "attach 3", "add InterNetwork by 2 via 169.254.51.50",
            "add InterNetworkV6 by 2 via fe80::5150"], _kernel.Calls);
        Assert.Empty(_routing.Problems);
        _routing.Update([Eth0, Eth1]);
        Assert.Equal(4, _kernel.Calls.Count);
    }

    [Fact]
    public void Route_uses_the_first_interface_with_an_address_of_the_family()
    {
        _routing.Update([Eth0 with { Address6 = null }, Eth1 with { Address = null }]);
        Assert.Equal(["add InterNetwork by 2 via 169.254.51.50", "add InterNetworkV6 by 3 via fe80::5150"],
            _kernel.Calls[2..]);
    }

    [Fact]
    public void Route_is_removed_when_no_interface_has_an_address_of_the_family()
    {
        _routing.Update([Eth0]);
        _routing.Update([Eth0 with { Address6 = null }]);
        Assert.Equal("remove InterNetworkV6 by 2 via fe80::5150", _kernel.Calls[^1]);
        var count = _kernel.Calls.Count;
        _routing.Update([Eth0 with { Address6 = null }]);
        Assert.Equal(count, _kernel.Calls.Count);
    }

    [Fact]
    public void Interface_that_was_created_again_gets_the_filter_and_the_routes()
    {
        _routing.Update([Eth0]);
        _kernel.Calls.Clear();
        _routing.Update([Eth1]);
        Assert.Equal(
            ["detach 2", "attach 3", "add InterNetwork by 3 via 169.254.51.50",
            "add InterNetworkV6 by 3 via fe80::5150"], _kernel.Calls);
    }

    [Fact]
    public void Refusal_is_a_problem_that_is_logged_once_and_tried_again()
    {
        _kernel.Refused.UnionWith(["attach 2", "add InterNetworkV6"]);
        _routing.Update([Eth0]);
        _routing.Update([Eth0]);
        Assert.Equal(2, _routing.Problems.Count);
        Assert.StartsWith("probes cannot leave by eth0: attach 2", _routing.Problems[0], StringComparison.Ordinal);
        Assert.StartsWith("probes of IPv6 cannot leave by eth0: add InterNetworkV6", _routing.Problems[1],
            StringComparison.Ordinal);
        Assert.Equal(_routing.Problems, _log);
        _kernel.Refused.Clear();
        _routing.Update([Eth0]);
        Assert.Empty(_routing.Problems);
        Assert.Contains("attach 2", _kernel.Calls);
        Assert.Contains("add InterNetworkV6 by 2 via fe80::5150", _kernel.Calls);
    }

    [Fact]
    public void IPv4_problem_names_its_family()
    {
        _kernel.Refused.Add("add InterNetwork ");
        _routing.Update([Eth0]);
        Assert.StartsWith("probes of IPv4 cannot leave by eth0: ", Assert.Single(_routing.Problems),
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_gone_is_restored()
    {
        _routing.Update([Eth0]);
        _kernel.Calls.Clear();
        Assert.Empty(_routing.Restore());
        Assert.Empty(_kernel.Calls);

        _kernel.Missing.UnionWith(["filter 2", "rule InterNetwork"]);
        Assert.Equal(["the probe filter of eth0", "rule InterNetwork"], _routing.Restore());
        Assert.Equal(["attach 2", "rule InterNetwork"], _kernel.Calls);
        Assert.Empty(_routing.Problems);
        Assert.Empty(_routing.Restore());
    }

    /// <summary>While a link is down, the kernel refuses its routes.</summary>
    [Fact]
    public void Refusal_to_restore_is_a_problem_until_it_succeeds()
    {
        _routing.Update([Eth0]);
        _kernel.Refused.Add("restore InterNetwork ");
        Assert.Empty(_routing.Restore());
        Assert.StartsWith("probes of IPv4 cannot leave: ", Assert.Single(_routing.Problems), StringComparison.Ordinal);
        _routing.Restore();
        Assert.Single(_log);

        _kernel.Refused.Clear();
        _routing.Restore();
        Assert.Empty(_routing.Problems);
    }

    [Fact]
    public void What_was_refused_at_first_is_tried_again_without_a_change()
    {
        _kernel.Refused.Add("attach 2");
        _routing.Update([Eth0]);
        Assert.Single(_routing.Problems);
        _kernel.Refused.Clear();
        Assert.Empty(_routing.Restore());
        Assert.Empty(_routing.Problems);
    }

    [Fact]
    public void Everything_is_removed_at_the_end_once()
    {
        _routing.Update([Eth0, Eth1]);
        _kernel.Calls.Clear();
        _routing.Remove();
        _routing.Remove();
        Assert.Equal(
            ["detach 2", "detach 3", "remove InterNetwork by 2 via 169.254.51.50",
            "remove InterNetworkV6 by 2 via fe80::5150"],
            _kernel.Calls.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Failure_to_remove_is_logged()
    {
        _routing.Update([Eth0]);
        _kernel.Refused.UnionWith(["detach 2", "remove"]);
        _routing.Remove();
        Assert.Equal(3, _log.Count);
        Assert.StartsWith("failed to remove the probe filter from interface 2: ", _log[0], StringComparison.Ordinal);
        Assert.All(_log[1..], static l =>
            Assert.StartsWith("failed to remove probe routing: ", l, StringComparison.Ordinal));
    }

    [Fact]
    public void Routes_are_closed_at_the_end()
    {
        _routing.Dispose();
        Assert.Equal(["dispose"], _kernel.Calls);
    }

    public void Dispose() => _routing.Dispose();

    private sealed class FakeKernel : IProbeFilter, IProbeRoutes
    {
        public List<string> Calls { get; } = [];

        /// <summary>Beginnings of calls that the kernel refuses.</summary>
        public HashSet<string> Refused { get; } = [];

        /// <summary>What is gone: the filter of an interface, or a rule.</summary>
        public HashSet<string> Missing { get; } = [];

        public void Attach(int interfaceIndex) => Call($"attach {interfaceIndex}");

        public bool Restore(int interfaceIndex)
        {
            if (!Missing.Remove($"filter {interfaceIndex}"))
                return false;
            Attach(interfaceIndex);
            return true;
        }

        public IReadOnlyList<string> Restore(AddressFamily family, int interfaceIndex, IPAddress gateway)
        {
            Refuse($"restore {family} by {interfaceIndex} via {gateway}");
            if (!Missing.Remove($"rule {family}"))
                return [];
            Call($"rule {family}");
            return [$"rule {family}"];
        }

        public void Detach(int interfaceIndex) => Call($"detach {interfaceIndex}");

        public void Add(AddressFamily family, int interfaceIndex, IPAddress gateway) =>
            Call($"add {family} by {interfaceIndex} via {gateway}");

        public void Remove(AddressFamily family, int interfaceIndex, IPAddress gateway) =>
            Call($"remove {family} by {interfaceIndex} via {gateway}");

        public void Dispose() => Calls.Add("dispose");

        private void Call(string call)
        {
            Refuse(call);
            Calls.Add(call);
        }

        private void Refuse(string call)
        {
            if (Refused.Any(r => call.StartsWith(r, StringComparison.Ordinal)))
                throw new NativeException(call, 1);
        }
    }
}
