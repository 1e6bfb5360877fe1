using System.Net;
using System.Text;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using Encap = Sidestep.Forwarding.Encap;

namespace Sidestep.UnitTests.EngineXdp;

/// <summary>Labels, by which status finds the names of ids without the daemon.</summary>
public sealed class LabelTests
{
    private static readonly GroupKey Group = new(PoolKey.InDefault("web"), new Encap(ForwardingMode.Gue, 6081));
    private static readonly NextHop ServerNextHop = new(
        new EgressInterface(1, "eth0", new MacAddress(2), null, 1500), new MacAddress(3));
    private static readonly Sidestep.Forwarding.ServerEntry Server = new(
        "web1", IPAddress.Parse("2001:db8::1"), 7, ServerNextHop);

    [Fact]
    public void Server_is_read_back_from_its_label()
    {
        var label = Labels.Of(Labels.Of(Group), Server);
        Assert.Equal(new ServerKey(Group, "web1", VrfAddress.Parse("2001:db8::1")), Labels.ServerOf(label, []));
        Assert.Equal((7u, Constants.LabelUsed), (label.Weight, label.Flags));
        Assert.Null(Labels.TimeOf(label));
    }

    [Fact]
    public void Name_of_63_characters_ends_with_a_zero()
    {
        var name = new string('n', 63);
        var label = Labels.Of(Labels.Of(Group), Server with { Name = name });
        Assert.Equal(name, Labels.Read(label.Name));
        Assert.Equal(0, label.Name[63]);
    }

    [Fact]
    public void Name_without_a_zero_fills_the_label()
    {
        var text = default(LabelText);
        Encoding.ASCII.GetBytes(new string('x', 64), text);
        Assert.Equal(64, Labels.Read(text).Length);
    }

    [Fact]
    public void Flags_of_a_server_are_disabled_unresolved_and_failed()
    {
        uint FlagsOf(Sidestep.Forwarding.ServerEntry server) =>
            Labels.Of(Labels.Of(Group), server).Flags & ~Constants.LabelUsed;
        Assert.Equal(0u, FlagsOf(Server));
        Assert.Equal(Constants.LabelDisabled, FlagsOf(Server with { Weight = 0 }));
        Assert.Equal(Constants.LabelUnresolved, FlagsOf(Server with { NextHop = null }));
        Assert.Equal(Constants.LabelFailed, FlagsOf(Server with { HasFailed = true }));
    }

    [Fact]
    public void Start_of_a_drain_is_stored_to_the_millisecond()
    {
        var start = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
        Assert.Equal(start, Labels.TimeOf(Labels.Of(Labels.Of(Group), Server with { DrainingSince = start })));
    }

    [Fact]
    public void Service_has_its_group_and_the_end_of_the_migration_window()
    {
        var end = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var service = new Sidestep.Forwarding.ServiceEntry
        {
            Key = ServiceKey.InDefault("shop"),
            Vips = [],
            Protocol = TransportProtocol.Tcp,
            Ports = [],
            Group = Group,
        };
        var label = Labels.Of(service, new Transition([], end), 7);
        Assert.Equal(
            ("shop", Group, end),
            (Labels.Read(label.Name), Labels.GroupOf(label, [])!.Value, Labels.TimeOf(label)!.Value));
        Assert.Null(Labels.TimeOf(Labels.Of(service, null, 7)));
    }

    [Fact]
    public void Group_of_one_service_is_read_back_by_the_label_of_the_service()
    {
        var own = Group with { Service = ServiceKey.InDefault("shop") };
        var services = new Label[3];
        var label = Labels.Of(Labels.Of(own, 2), Server with { HasFailed = true, Weight = 0 });
        Assert.Null(Labels.ServerOf(label, services)); // another process clears the service's label
        services[2] = Labels.Of(Labels.Of(Group), Server with { Name = "shop" });
        Assert.Equal(own, Labels.ServerOf(label, services)!.Value.Group);
        Assert.Null(Labels.ServerOf(label, services.AsSpan(0, 2)));
        Assert.Equal(Constants.LabelUsed | Constants.LabelFailed | Constants.LabelDisabled, label.Flags & 0xffff);
    }

    [Fact]
    public void Cleared_label_names_nothing()
    {
        Assert.Null(Labels.GroupOf(default, []));
        Assert.Null(Labels.ServerOf(default, []));
        Assert.Null(Labels.ServerOf(Labels.Of(Group), [])); // no address yet
    }
}
