using Sidestep.Control.Health;
using Sidestep.Daemon.Probes;

namespace Sidestep.UnitTests.Daemon.Probes;

public sealed class HealthFileTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<string> _warnings = [];

    [Fact]
    public void Health_is_read_back()
    {
        File().Write(new SavedHealth { Servers = [new SavedServerHealth("web", "l2", "10.0.0.11", true)] });
        Assert.Equal([new SavedServerHealth("web", "l2", "10.0.0.11", true)], File().Read()!.Servers);
        Assert.Empty(_warnings);
        File().Delete();
        Assert.Null(File().Read());
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{ "servers": null }""")]
    [InlineData("""{ "servers": [ { "pool": "web", "healthy": "yes" } ] }""")]
    // Version 0.1.0 wrote its whole report, with other names.
    [InlineData("""{ "at": "2026-03-01T12:00:00Z", "servers": [ { "pool": "web", "name": "web1" } ] }""")]
    public void Damaged_file_is_absent_with_a_warning(string content)
    {
        System.IO.File.WriteAllText(_folder.Path("d.health.json"), content);
        Assert.Null(File().Read());
        Assert.StartsWith($"{_folder.Path("d.health.json")}: not readable, so servers without adopted tables are "
            + "unhealthy until their checks are up: ", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_to_write_is_a_warning()
    {
        Directory.CreateDirectory(_folder.Path("d.health.json"));
        File().Write(new SavedHealth());
        Assert.StartsWith("healthy servers not saved for the next start: ", Assert.Single(_warnings),
            StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private HealthFile File() => new(_folder.Path("d.health.json"), _warnings.Add);
}
