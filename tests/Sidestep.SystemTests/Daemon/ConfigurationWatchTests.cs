namespace Sidestep.SystemTests.Daemon;

/// <summary>The daemon notices a changed file, however an editor replaces it.</summary>
public sealed class ConfigurationWatchTests(RunningDaemon running) : IClassFixture<RunningDaemon>
{
    private static readonly Dictionary<string, Action<string, string>> Writers = new()
    {
        ["written in place"] = static (path, text) => File.WriteAllText(path, text),
        ["renamed over"] = static (path, text) =>
        {
            File.WriteAllText(path + ".new", text);
            File.Move(path + ".new", path, overwrite: true);
        },
        ["removed, and written a while later"] = static (path, text) =>
        {
            File.Delete(path);
            Thread.Sleep(1000);
            File.WriteAllText(path, text);
        },
        ["the old one moved away first, as vim does for a backup"] = static (path, text) =>
        {
            File.Move(path, path + "~", overwrite: true);
            File.WriteAllText(path, text);
        },
        ["renamed over with the same size and time"] = static (path, text) =>
        {
            var (time, length) = (File.GetLastWriteTimeUtc(path), new FileInfo(path).Length);
            File.WriteAllText(path + ".new", text);
            Assert.Equal(length, new FileInfo(path + ".new").Length);
            File.SetLastWriteTimeUtc(path + ".new", time);
            File.Move(path + ".new", path, overwrite: true);
        },
    };

    public static TheoryData<string> Styles => [.. Writers.Keys];

    [Theory]
    [MemberData(nameof(Styles))]
    public void A_replaced_file_is_noticed_whatever_the_editor_does(string style)
    {
        for (var weight = 2; weight <= 4; weight++)
        {
            Writers[style](running.Segment.FilePath, WithWeight(running.Segment, weight));
            WaitForWeight(running.Segment, weight, style);
        }
    }

    [Fact]
    public void A_switched_symbolic_link_is_noticed()
    {
        using var segment = new Segment(servers: 1);
        string Version(int weight)
        {
            var path = Path.Combine(segment.Lan.Folder, $"version{weight}.yaml");
            File.WriteAllText(path, WithWeight(segment, weight));
            return path;
        }
        File.CreateSymbolicLink(segment.FilePath, Version(1));
        segment.Start();
        for (var weight = 2; weight <= 4; weight++)
        {
            File.CreateSymbolicLink(segment.FilePath + ".new", Version(weight));
            File.Move(segment.FilePath + ".new", segment.FilePath, overwrite: true);
            WaitForWeight(segment, weight, "symbolic link");
        }
    }

    /// <summary>Kubernetes: sidestep.yaml -> ..data/sidestep.yaml, ..data -> a folder of each version.</summary>
    [Fact]
    public void A_switched_symbolic_link_to_a_folder_is_noticed()
    {
        using var segment = new Segment(servers: 1);
        var data = Path.Combine(segment.Lan.Folder, "..data");
        var one = DateTime.UtcNow;
        void Switch(int weight)
        {
            var version = Directory.CreateDirectory(Path.Combine(segment.Lan.Folder, $"..version{weight}"));
            var file = Path.Combine(version.FullName, "sidestep.yaml");
            File.WriteAllText(file, WithWeight(segment, weight));
            // Stores of immutable files give all files the same time.
            File.SetLastWriteTimeUtc(file, one);
            File.CreateSymbolicLink(data + "_tmp", version.Name);
            Shell.Run("mv", "-T", data + "_tmp", data);
        }
        Switch(1);
        File.CreateSymbolicLink(segment.FilePath, Path.Combine("..data", "sidestep.yaml"));
        segment.Start();
        for (var weight = 2; weight <= 4; weight++)
        {
            Switch(weight);
            WaitForWeight(segment, weight, "switched folder");
        }
    }

    private static string WithWeight(Segment segment, int weight) =>
        (segment.File with { Servers = [Segment.ServerEntry(1) with { Weight = weight }] }).ToString();

    private static void WaitForWeight(Segment segment, int weight, string style) => Eventually.True(
        () => segment.Status().GetProperty("pools")[0].GetProperty("servers")[0].GetProperty("weight")
        .GetInt32() == weight,
        () => $"{style}: weight {weight} is not in force: {segment.StatusText()}", TimeSpan.FromSeconds(30));
}
