using System.Net;
using Sidestep.Daemon.Probes;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.Probes;

/// <summary>Whether a probe may have been lost on the director's own link.</summary>
public sealed class LinkStateTests : IDisposable
{
    private const int Eth0 = 2;
    private const uint Up = 1, LowerUp = 1 << 16;
    private static readonly IPAddress Server = IPAddress.Parse("10.0.0.11");
    private readonly ManualTime _time = new();
    private readonly FakeQueries _kernel = new();
    private readonly LinkState _links;

    public LinkStateTests() => _links = new LinkState(_kernel, _time);

    public void Dispose() => _links.Dispose();

    [Fact]
    public void A_link_with_a_carrier_interrupts_nothing()
    {
        _links.Watch(Eth0);
        Assert.Null(InterruptionSince(_time.GetTimestamp()));
        Assert.Null(_links.ErrorTo(Server));
    }

    [Theory]
    [InlineData(Up, "interface 'eth0' has no carrier")]
    [InlineData(0u, "interface 'eth0' is down")]
    public void A_link_that_carries_no_frames_is_an_interruption(uint flags, string reason)
    {
        _kernel.Link = Link(flags, 1);
        Assert.Equal(reason, InterruptionSince(_time.GetTimestamp()));
        Assert.Equal(reason, _links.ErrorTo(Server));
    }

    [Fact]
    public void An_interface_that_is_gone_is_an_interruption()
    {
        _kernel.Link = null;
        Assert.Equal("interface 2 is gone", InterruptionSince(_time.GetTimestamp()));
    }

    /// <summary>A probe without a reply fails after its timeout, when the cable may be connected again.</summary>
    [Fact]
    public void A_carrier_that_is_back_interrupted_probes_that_began_before()
    {
        _links.Watch(Eth0);
        var before = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(1));
        _kernel.Link = Link(Up | LowerUp, 3);
        Assert.Equal("interface 'eth0' had no carrier", InterruptionSince(before));
        Assert.Equal("interface 'eth0' had no carrier", InterruptionSince(before));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(InterruptionSince(_time.GetTimestamp()));
    }

    /// <summary>Otherwise a server that fails would never be marked down on a kernel that refuses.</summary>
    [Fact]
    public void A_refusal_of_the_kernel_is_no_interruption()
    {
        _kernel.IsRefused = true;
        Assert.Null(InterruptionSince(_time.GetTimestamp()));
    }

    [Fact]
    public void A_machine_without_a_route_has_an_error()
    {
        _kernel.HasRoute = false;
        Assert.StartsWith("find a route", _links.ErrorTo(Server), StringComparison.Ordinal);
    }

    private string? InterruptionSince(long since) => _links.Interruption(Eth0, since);

    private static InterfaceInfo Link(uint flags, uint changes) =>
        new(Eth0, "eth0", flags, 1) { CarrierChanges = changes };

    private sealed class FakeQueries : ILinkQueries
    {
        public InterfaceInfo? Link { get; set; } = LinkStateTests.Link(Up | LowerUp, 1);

        public bool IsRefused { get; set; }

        public bool HasRoute { get; set; } = true;

        public InterfaceInfo? Find(int interfaceIndex) =>
            IsRefused ? throw new NativeException("show interface", 1) : Link;

        public Route FindRoute(IPAddress destination) =>
            HasRoute ? new Route(Eth0, null, false) : throw new NativeException("find a route", 101);

        public void Dispose()
        {
        }
    }
}
