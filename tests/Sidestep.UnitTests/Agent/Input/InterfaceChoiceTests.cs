using System.Net.Sockets;
using Sidestep.Agent.Input;
using Sidestep.Native.Netlink;

namespace Sidestep.UnitTests.Agent.Input;

public sealed class InterfaceChoiceTests
{
    private readonly FakeKernel _kernel = new();

    [Fact]
    public void Without_names_the_interface_of_the_default_route_is_chosen()
    {
        Assert.Equal(["eth0"], Choose(out _));
        _kernel.DefaultRoutes[0] = new DefaultRouteInfo(AddressFamily.InterNetworkV6, FakeKernel.Eth1, null);
        Assert.Equal(["eth1"], Choose(out _));
    }

    [Fact]
    public void Without_names_and_default_route_all_that_are_up_are_chosen()
    {
        _kernel.DefaultRoutes.Clear();
        _kernel.Interfaces.Add(FakeKernel.Ethernet(4, "eth2", flags: 0));
        Assert.Equal(["eth0", "eth1"], Choose(out var problems));
        Assert.Empty(problems);
    }

    [Fact]
    public void An_interface_with_the_default_route_that_is_down_is_not_chosen()
    {
        _kernel.Interfaces[1] = FakeKernel.Ethernet(FakeKernel.Eth0, "eth0", flags: 0);
        Assert.Equal(["eth1"], Choose(out _));
    }

    [Fact]
    public void Without_any_interface_that_is_up_the_operator_must_name_one()
    {
        _kernel.Interfaces[1] = FakeKernel.Ethernet(FakeKernel.Eth0, "eth0", flags: 0);
        _kernel.Interfaces.RemoveAt(2);
        Assert.Empty(Choose(out var problems));
        Assert.Equal(["error: --interface: is missing, and no interface except lo is up\n       "
            + "Name the interface that receives the director's packets. This host has: eth0."], problems);
        _kernel.Interfaces.RemoveAt(1);
        Choose(out problems);
        Assert.Contains("This host has: none.", problems.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Named_interfaces_are_taken_in_their_order() =>
        Assert.Equal(["eth1", "eth0"], Choose(out _, "eth1", "eth0"));

    [Fact]
    public void Every_wrong_name_is_a_problem()
    {
        Assert.Equal(["eth0"], Choose(out var problems, "eth9", "eth0:1", "lo", "eth0", "eth0"));
        Assert.Equal(
        [
            "error: --interface eth9: does not exist in this network namespace\n       This host has: eth0, eth1.",
            "error: --interface eth0:1: does not exist in this network namespace\n       "
                + "An alias such as eth0:1 is an address, not an interface: name the part before the colon.",
            "error: --interface lo: is the loopback interface\n       "
                + "Name the interface that receives the director's packets; the agent adds the VIP to lo itself.",
            "error: --interface eth0: is given twice\n       Give it once.",
        ], problems);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void Only_programs_need_Ethernet(bool needEthernet, int expected)
    {
        _kernel.Interfaces.Add(new InterfaceInfo(4, "tun0", FakeKernel.Up, 65534));
        var problems = new List<Problem>();
        Assert.Single(InterfaceChoice.Read(["tun0"], _kernel.Inventory(), needEthernet, problems));
        Assert.Equal(expected, problems.Count(static p => p.Reason
            == "is not an Ethernet interface (hardware type 65534), and the agent's programs need one"));
    }

    private string[] Choose(out List<string> problems, params string[] names)
    {
        var found = new List<Problem>();
        var chosen = InterfaceChoice.Read(names, _kernel.Inventory(), needEthernet: false, found);
        problems = [.. found.Select(static p => p.ToString())];
        return [.. chosen.Select(static i => i.Name)];
    }
}
