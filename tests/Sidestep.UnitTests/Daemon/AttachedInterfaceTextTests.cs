using Sidestep.Daemon;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Drivers;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon;

public sealed class AttachedInterfaceTextTests
{
    [Fact]
    public void Best_driver_needs_no_note() =>
        Assert.Null(AttachedInterfaceText.FallbackNote(new AttachedInterface("eth0", Driver.Native, null), Read));

    [Fact]
    public void Note_has_the_kernels_reason_and_that_of_driver_selection() => Assert.Equal(
        "eth0 is attached by generic, which is slower: EINVAL; its MTU of 9000 is too large for one page: at most 3506 "
            + "(remedy: ip link set dev eth0 mtu 1500)",
        AttachedInterfaceText.FallbackNote(new AttachedInterface("eth0", Driver.Generic, "EINVAL"), Read));

    [Fact]
    public void Kernels_reason_stands_alone_where_driver_selection_has_none()
    {
        Assert.Equal("eth0 is attached by native, which is slower: EINVAL",
            AttachedInterfaceText.FallbackNote(new AttachedInterface("eth0", Driver.Native, "EINVAL"), Read));
        Assert.Equal("eth0 is attached by generic, which is slower: EINVAL", AttachedInterfaceText.FallbackNote(
            new AttachedInterface("eth0", Driver.Generic, "EINVAL"), static _ =>
            throw new EngineException("no netlink")));
    }

    private static InterfaceCapabilities Read(string name) => new() { Name = name, MtuBytes = 9000 };
}
