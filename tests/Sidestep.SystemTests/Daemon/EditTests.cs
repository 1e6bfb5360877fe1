namespace Sidestep.SystemTests.Daemon;

/// <summary><c>sidestep edit</c>, with sed as the editor.</summary>
public sealed class EditTests : IDisposable
{
    private readonly Segment _segment = new();

    public EditTests() => _segment.StartWithStore();

    [Fact]
    public void Object_and_configuration_are_edited_as_YAML()
    {
        Assert.StartsWith("revision 2: 1 value changed\n",
            Edit("sed -i 's/^address: .*/&\\nweight: 5/'", "servers", "server2", "--pool", "pool").Output,
            StringComparison.Ordinal);
        Assert.StartsWith("revision 3: 1 value changed\n",
            Edit("sed -i 's/^name: pool/&\\nlabels: { team: shop }/'", "pools", "pool").Output,
            StringComparison.Ordinal);
        Assert.StartsWith("revision 4: 1 value changed\n",
            Edit("sed -i 's/weight: 5/weight: 6/'", "configuration").Output, StringComparison.Ordinal);
        Assert.Equal("nothing changed\n", Edit("true", "pools", "pool").Output);
        Assert.Contains("weight: 6", Sidestep("get", "servers", "server2", "--pool", "pool", "-o", "yaml").Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Rejected_text_is_stored_with_the_lines_of_its_errors()
    {
        var result = Edit("sed -i 's/^address: .*/&\\nwieght: 5/'", "servers", "server2", "--pool", "pool");
        Assert.Equal(1, result.ExitCode);
        Assert.Matches(@"^error: line 3: pools\[0\]\.servers\[1\]\.wieght: 5: a real server has no such key\. Did "
            + @"you mean weight\?\nThe edited text is in \S+\.\n$", result.Error);
        string file = result.Error.TrimEnd('\n', '.').Split(' ')[^1];
        Assert.Contains("wieght: 5", File.ReadAllText(file), StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public void Change_of_another_object_meanwhile_is_not_lost_and_one_of_the_same_object_is_noticed()
    {
        var result = Edit(Script(ChangeBySed("s/name: echo/&\\n    labels: { a: b }/")
            + "; sed -i 's/^address: .*/&\\nweight: 5/' \"$1\""), "servers", "server2", "--pool", "pool");
        Assert.StartsWith("revision 3: 1 value changed\n", result.Output, StringComparison.Ordinal);
        string now = Sidestep("get", "configuration").Output;
        Assert.Contains("a: b", now, StringComparison.Ordinal);
        Assert.Contains("weight: 5", now, StringComparison.Ordinal);

        result = Edit(Script(ChangeBySed("s/weight: 5/weight: 7/") + "; sed -i 's/weight: 5/weight: 6/' \"$1\""),
            "servers", "server2", "--pool", "pool");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("it has changed since", result.Error, StringComparison.Ordinal);
        Assert.Contains("weight: 7", Sidestep("get", "configuration").Output, StringComparison.Ordinal);
    }

    public void Dispose() => _segment.Dispose();

    private string ChangeBySed(string expression) => $"{string.Join(' ', Command("get", "configuration"))} | sed "
        + $"'{expression}' | {string.Join(' ', Command("apply", "-f", "-"))} >&2";

    private string Script(string commands)
    {
        string path = Path.Combine(_segment.Lan.Folder, $"editor-{Guid.NewGuid():N}");
        File.WriteAllText(path, "#!/bin/bash\n" + commands + "\n");
        return "bash " + path;
    }

    private Shell.Result Edit(string editor, params string[] arguments) => Shell.Try(
        ["env", "-u", "VISUAL", "EDITOR=" + editor, .. Command(["edit", .. arguments])]);

    private Shell.Result Sidestep(params string[] arguments) => Shell.Try(Command(arguments));

    private string[] Command(params string[] arguments) => [Repository.Executable("Sidestep.Cli", "sidestep"),
        .. arguments, "--name", _segment.File.Name, "--pin-path", _segment.File.PinPath];
}
