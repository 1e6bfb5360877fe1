using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

/// <summary>Where the files of a director are; their folder needs root, so that nothing is written here.</summary>
public sealed class DirectorFilesTests
{
    private static readonly NodeSettings Edge1 = new()
    {
        Name = "edge1",
        PinPath = "/sys/fs/bpf/sidestep",
        Interfaces = [],
    };

    [Fact]
    public void Files_are_named_after_the_pin_folder_and_the_director()
    {
        const string Base = "/run/sidestep/sys-fs-bpf-sidestep-edge1";
        Assert.Equal(
            [Base + ".json", Base + ".lock", Base + ".sock", Base, Base + ".health.json"],
            [DirectorFiles.MulticastPath(Edge1), DirectorFiles.LockPath(Edge1), DirectorFiles.SocketPath(Edge1),
                DirectorFiles.PersistentStatePrefix(Edge1), DirectorFiles.HealthPath(Edge1)]);
    }

    [Fact]
    public void Director_of_the_same_name_in_another_pin_folder_has_other_files() =>
        Assert.NotEqual(DirectorFiles.MulticastPath(Edge1),
            DirectorFiles.MulticastPath(Edge1 with { PinPath = "/sys/fs/bpf/other" }));

    [Fact]
    public void Director_that_never_ran_does_not_run()
    {
        var never = Edge1 with { Name = $"never-{Guid.NewGuid():N}" };
        Assert.False(DirectorFiles.IsRunning(never));
    }
}
