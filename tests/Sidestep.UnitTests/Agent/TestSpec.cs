using System.Net;
using Sidestep.Agent.Input;
using Sidestep.Api;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Agent;

/// <summary>Specs and desired states that most tests start from.</summary>
internal static class TestSpec
{
    public const string Vip = "203.0.113.10", OtherVip = "203.0.113.11", Vip6 = "2001:db8:113::10",
        Director = "10.0.1.2", Director6 = "2001:db8:1::2";

    public static ServiceSpec Layer2(params string[] vips) =>
        new() { Name = "www", Vips = [.. vips.Select(PrefixText.Parse)] };

    public static ServiceSpec Layer3(string encapsulation, params string[] vips) =>
        Layer2(vips) with { Dsr = "l3", Encapsulation = encapsulation };

    public static ServerSpec Of(params ServiceSpec[] services) => new()
    {
        Revision = 7,
        Directors = [IPAddress.Parse(Director)],
        Services = [.. services],
    };

    /// <summary>The desired state of a host that has no problem with the spec.</summary>
    public static DesiredState Desired(FakeKernel kernel, ServerSpec spec, bool programs = false,
        params string[] interfaces)
    {
        var problems = new List<Problem>();
        var desired = DesiredStateReader.Read(spec, interfaces.Length > 0 ? interfaces : ["eth0"], programs,
            kernel.Inventory(), beforeChange: false, problems);
        Assert.Empty(problems);
        return desired!;
    }

    public static IPNetwork[] Networks(params string[] vips) => [.. vips.Select(PrefixText.Parse)];
}
