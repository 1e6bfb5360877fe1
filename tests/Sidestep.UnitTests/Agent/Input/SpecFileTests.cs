using System.Net;
using System.Text;
using System.Text.Json;
using Sidestep.Agent.Input;
using Sidestep.Api;

namespace Sidestep.UnitTests.Agent.Input;

public sealed class SpecFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Missing_values_get_their_defaults()
    {
        var spec = SpecFile.Parse("""{ "services": [ { "vips": [] } ] }"""u8);
        Assert.Equal((0L, "", "", 2000),
            (spec.Revision, spec.Director, spec.DirectorVersion, spec.ReportIntervalMilliseconds));
        Assert.Empty(spec.Directors);
        var service = Assert.Single(spec.Services);
        Assert.Equal(("", "any", "l2"), (service.Name, service.Protocol, service.Dsr));
        Assert.Equal(["any"], service.Ports);
        Assert.Empty(service.Vips);
        Assert.Empty(service.OuterSources);
        Assert.Empty(SpecFile.Parse("{}"u8).Services);
    }

    [Fact]
    public void Null_and_invalid_values_get_their_defaults()
    {
        var spec = SpecFile.Parse("""
            { "director": null, "directorVersion": null, "reportIntervalMilliseconds": -5,
              "services": [ { "name": null, "protocol": null, "ports": [], "dsr": null, "vips": ["203.0.113.10"] } ] }
            """u8);
        Assert.Equal(("", "", 2000), (spec.Director, spec.DirectorVersion, spec.ReportIntervalMilliseconds));
        var service = Assert.Single(spec.Services);
        Assert.Equal(("", "any", "l2", "any"), (service.Name, service.Protocol, service.Dsr, service.Ports.Single()));
    }

    [Fact]
    public void Given_values_stay_and_survive_writing()
    {
        var spec = SpecFile.Parse("""
            { "revision": 9, "director": "d1", "directorVersion": "1.2", "directors": ["10.0.1.2", "2001:db8:1::2"],
              "reportIntervalMilliseconds": 500,
              "services": [ { "name": "www", "vips": ["203.0.113.0/24"], "protocol": "tcp", "ports": ["80", "443"],
                "dsr": "l3", "encapsulation": "gue", "guePort": 6081, "outerSources": ["198.18.0.0/15"],
                "server": "10.0.1.3",
                "pathMtu": { "directorMtu": 1500, "overhead": 32, "mss4": 1428, "mss6": 1408 } } ] }
            """u8);
        var again = SpecFile.Parse(SpecFile.Write(spec));
        foreach (var read in new[] { spec, again })
        {
            Assert.Equal((9L, "d1", "1.2", 500),
                (read.Revision, read.Director, read.DirectorVersion, read.ReportIntervalMilliseconds));
            Assert.Equal(["10.0.1.2", "2001:db8:1::2"], read.Directors.Select(static d => d.ToString()));
            var service = Assert.Single(read.Services);
            Assert.Equal(("www", "tcp", "l3", "gue", 6081),
                (service.Name, service.Protocol, service.Dsr, service.Encapsulation, service.GuePort));
            Assert.Equal(["80", "443"], service.Ports);
            Assert.Equal([IPNetwork.Parse("203.0.113.0/24")], service.Vips);
            Assert.Equal([IPNetwork.Parse("198.18.0.0/15")], service.OuterSources);
            Assert.Equal(IPAddress.Parse("10.0.1.3"), service.Server);
            Assert.Equal(new PathMtu(1500, 32, 1428, 1408), service.PathMtu);
        }
    }

    [Fact]
    public void Null_is_not_a_spec() => Assert.Throws<JsonException>(() => SpecFile.Parse("null"u8));

    [Fact]
    public void An_error_in_a_file_names_the_place()
    {
        var file = _folder.Put("spec.json", "{\n  \"services\": [\n    { \"vips\": [\"nonsense\"] } ] }");
        var problem = Read(file);
        Assert.Equal(("--spec", file), (problem.Option, problem.Value));
        Assert.StartsWith("is invalid at $.services[0].vips[0], line 3: ", problem.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_file_is_invalid_at_its_beginning() =>
        Assert.StartsWith("is invalid at ", Read(_folder.Put("spec.json")).Reason, StringComparison.Ordinal);

    [Fact]
    public void A_missing_file_is_a_problem() =>
        Assert.Equal("Name a file that can be read.", Read(_folder.PathOf("none.json")).Remedy);

    [Fact]
    public void A_file_of_more_than_256_KiB_is_a_problem_and_256_KiB_is_not()
    {
        var spec = new StringBuilder("{}").Append(' ', (1 << 18) - 2);
        Assert.NotNull(SpecFile.Read(_folder.Put("spec.json", spec.ToString()), []));
        Assert.Equal("has 262145 bytes, and a spec has at most 262144",
            Read(_folder.Put("spec.json", spec.Append(' ').ToString())).Reason);
    }

    public void Dispose() => _folder.Dispose();

    private static Problem Read(string path)
    {
        var problems = new List<Problem>();
        Assert.Null(SpecFile.Read(path, problems));
        return Assert.Single(problems);
    }
}
