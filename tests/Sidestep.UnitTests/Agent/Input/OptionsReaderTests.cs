using System.Net;
using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.UnitTests.Agent.Input;

public sealed class OptionsReaderTests
{
    private static readonly Request Layer3 = new()
    {
        Vips = [TestSpec.Vip],
        Decapsulate = ["ipip"],
        Directors = [TestSpec.Director],
    };

    [Fact]
    public void VIPs_alone_are_one_service_of_layer_2()
    {
        var spec = Read(new Request { Vips = [TestSpec.Vip, "203.0.113.128/25"] }, out var problems)!;
        Assert.Empty(problems);
        Assert.Empty(spec.Directors);
        var service = Assert.Single(spec.Services);
        Assert.Equal(("l2", null, null), (service.Dsr, service.Encapsulation, service.PathMtu));
        Assert.Equal(TestSpec.Networks(TestSpec.Vip, "203.0.113.128/25"), service.Vips);
    }

    [Fact]
    public void Each_encapsulation_is_a_service_of_layer_3_with_all_VIPs()
    {
        var spec = Read(
            Layer3 with { Decapsulate = ["ipip", "gre", "gue", "gue:6090"], OuterSources = ["198.18.0.0/15"] },
            out var problems)!;
        Assert.Empty(problems);
        Assert.Equal([IPAddress.Parse(TestSpec.Director)], spec.Directors);
        Assert.Equal([("ipip", null), ("gre", null), ("gue", 6080), ("gue", (int?)6090)],
            spec.Services.Select(static s => (s.Encapsulation, s.GuePort)));
        foreach (var service in spec.Services)
        {
            Assert.Equal("l3", service.Dsr);
            Assert.Equal(TestSpec.Networks(TestSpec.Vip), service.Vips);
            Assert.Equal([IPNetwork.Parse("198.18.0.0/15")], service.OuterSources);
            Assert.Null(service.PathMtu);
        }
    }

    [Theory]
    [InlineData(TestSpec.Director, "", 1500, 1460 - 20, 1440 - 20)]
    [InlineData(TestSpec.Director6, "", 1500, 1460 - 40, 1440 - 40)]
    [InlineData(TestSpec.Director, "2001:db8:5::/64", 9000, 8960 - 40, 8940 - 40)]
    [InlineData(TestSpec.Director, "", 576, 536 - 20, 516 - 20)]
    [InlineData(TestSpec.Director, "", 65535, 65495 - 20, 65475 - 20)]
    public void The_MTU_option_limits_the_MSS_by_the_largest_outer_header(
        string director, string source, int mtu, int mss4, int mss6)
    {
        var request = Layer3 with
        {
            Directors = [director],
            OuterSources = source.Length > 0 ? [source] : [],
            Mtu = mtu
        };
        var pathMtu = Assert.Single(Read(request, out var problems)!.Services).PathMtu!;
        Assert.Empty(problems);
        Assert.Equal((mtu, mss4, mss6), (pathMtu.DirectorMtu, pathMtu.Mss4, pathMtu.Mss6));
    }

    public static TheoryData<string, string[]> Errors => new()
    {
        { "", ["--vip: is missing"] },
        { "vip=203.0.113.10 encap=ipip", ["--decapsulate ipip: needs the addresses of the directors"] },
        { "vip=203.0.113.10 encap=vxlan director=10.0.1.2", ["--decapsulate vxlan: is not an encapsulation"] },
        { "vip=203.0.113.10 encap=ipip:1 director=10.0.1.2", ["--decapsulate ipip:1: is not an encapsulation"] },
        { "vip=203.0.113.10 encap=gue:0 director=10.0.1.2", ["--decapsulate gue:0: is not an encapsulation"] },
        { "vip=203.0.113.10 encap=gue:65536 director=10.0.1.2", ["--decapsulate gue:65536: is not an encapsulation"] },
        { "vip=203.0.113.10 encap=gue:x director=10.0.1.2", ["--decapsulate gue:x: is not an encapsulation"] },
        { "vip=203.0.113.10 encap=gue encap=gue:6080 director=10.0.1.2", ["--decapsulate gue:6080: is given twice"] },
        { "vip=203.0.113.10 director=10.0.1.2", ["--director 10.0.1.2: has no meaning without --decapsulate"] },
        { "vip=203.0.113.10 source=10.0.0.0/8", ["--outer-source 10.0.0.0/8: has no meaning without --decapsulate"] },
        { "vip=203.0.113.10 mtu=1500", ["--mtu: has no meaning without --decapsulate"] },
        { "vip=203.0.113.10 encap=ipip director=10.0.1.2 mtu=575", ["--mtu 575: is not a valid size"] },
        { "vip=203.0.113.10 encap=ipip director=10.0.1.2 mtu=65536", ["--mtu 65536: is not a valid size"] },
        { "vip=x director=y/8 source=z encap=q", ["--vip x: is neither", "--director y/8: is not an IP address",
            "--outer-source z: is neither", "--decapsulate q: is not"] },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public void Every_error_is_reported_with_its_option(string options, string[] expected)
    {
        string[] Of(string key) => [.. options.Split(' ').Select(static o => o.Split('=', 2))
            .Where(p => p[0] == key).Select(static p => p[1])];
        Read(new Request
        {
            Vips = Of("vip"),
            Directors = Of("director"),
            OuterSources = Of("source"),
            Decapsulate = Of("encap"),
            Mtu = Of("mtu") is [var mtu] ? int.Parse(mtu, null) : null,
        }, out var problems);
        Assert.Equal(expected.Length, problems.Count);
        foreach (var (start, problem) in expected.Zip(problems))
            Assert.StartsWith("error: " + start, problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_spec_file_excludes_the_options_that_it_replaces()
    {
        using var folder = new TempFolder();
        var file = folder.Put("spec.json", """{ "revision": 3, "services": [ { "vips": ["203.0.113.10"] } ] }""");
        Assert.Equal(3, Read(new Request { SpecFile = file, Interfaces = ["eth0"] }, out var problems)!.Revision);
        Assert.Empty(problems);
        foreach (var request in new Request[]
        {
            new() { Vips = ["203.0.113.10"] }, new() { Directors = ["10.0.0.1"] },
                new() { OuterSources = ["10.0.0.0/8"] },
            new() { Decapsulate = ["ipip"] }, new() { Mtu = 1500 },
        })
        {
            Assert.False(request.IsEmpty);
            Read(request with { SpecFile = file }, out problems);
            Assert.Equal("already contains everything that the other options give", Assert.Single(problems).Reason);
        }
    }

    [Fact]
    public void A_request_is_empty_until_an_option_describes_the_server()
    {
        Assert.True(new Request { Persist = true, StateDirectory = "/x" }.IsEmpty);
        Assert.False(new Request { Interfaces = ["eth0"] }.IsEmpty);
        Assert.False(new Request { SpecFile = "x" }.IsEmpty);
    }

    private static ServerSpec? Read(Request request, out List<Problem> problems)
    {
        problems = [];
        return OptionsReader.Read(request, problems);
    }
}
