using Sidestep.Daemon;
using Sidestep.Native.Netlink;

namespace Sidestep.UnitTests.Daemon;

public sealed class LinkProblemsTests
{
    [Fact]
    public void Each_link_that_carries_no_frames_is_named()
    {
        InterfaceInfo[] links = [new(2, "eth0", FakeNetwork.UpWithCarrier, 1), new(3, "eth1", FakeNetwork.Up, 1),
            new(4, "eth2", 0, 1)];
        var problems = new LinkProblems(() => ["eth0", "eth1", "eth2", "eth3"],
            name => links.SingleOrDefault(l => l.Name == name));
        Assert.Equal(["interface 'eth1' has no carrier", "interface 'eth2' is down", "interface 'eth3' is gone"],
            problems.Read());
    }
}
