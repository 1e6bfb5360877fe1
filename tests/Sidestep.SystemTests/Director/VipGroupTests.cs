namespace Sidestep.SystemTests.Director;

/// <summary>A director with an IPv6 VIP listens to the group that neighbour solicitations for it are sent to, dead or alive.</summary>
[Collection(OneLabAtATime.Name)]
public sealed class VipGroupTests
{
    private const string Group = "33:33:ff:00:00:10";

    [Fact]
    public void TheGroupOutlivesTheDaemonAndGoesWithTheVip()
    {
        using var segment = new Segment();
        var good = segment.File;
        segment.File = good with { Services = [.. good.Services, new ServiceLine("six", "\"2001:db8::10\"", EchoServer.Port)] };
        var daemon = segment.Start();
        Eventually.True(() => IsEntered(segment), () => segment.Director.Ip("maddress show dev eth0"));
        Assert.Contains("eth0 " + Group, Groups(segment));

        daemon.Kill();
        Assert.True(IsEntered(segment));

        // The VIP goes while no daemon runs: the next one finds in the report what is superfluous.
        segment.Write(good);
        daemon = segment.Start();
        Assert.False(IsEntered(segment));
        Assert.Empty(Groups(segment));

        segment.Apply(good with { Services = [.. good.Services, new ServiceLine("six", "\"2001:db8::10\"", EchoServer.Port)] });
        Eventually.True(() => IsEntered(segment), () => daemon.Said);
        Assert.Equal(0, daemon.End());
        Assert.False(IsEntered(segment));
    }

    [Fact]
    public void AVipThatIsNotInServiceIsNotListenedFor()
    {
        using var segment = new Segment();
        segment.File = segment.File with { Services = [new ServiceLine("six", "\"2001:db8::10\"", EchoServer.Port, TrafficEnabled: false)] };
        segment.Start();
        Assert.False(IsEntered(segment));
    }

    private static bool IsEntered(Segment segment) => segment.Director.Ip("maddress show dev eth0").Split('\n')
        .Any(static l => l.Contains(Group, StringComparison.Ordinal) && l.Contains("static", StringComparison.Ordinal));

    private static string[] Groups(Segment segment) =>
        [.. segment.Status().GetProperty("daemon").GetProperty("groups").EnumerateArray().Select(static e => e.GetString()!)];
}
