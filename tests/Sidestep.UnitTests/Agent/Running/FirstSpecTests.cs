using Sidestep.Agent.Input;
using Sidestep.Agent.Running;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class FirstSpecTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<Problem> _problems = [];
    private readonly List<(int Number, string Text)> _events = [];

    [Fact]
    public void The_spec_file_comes_first_and_needs_no_word()
    {
        LastSpec.Write(_folder.Path, TestSpec.Of() with { Revision = 6 });
        Assert.Equal(9, Read("""{ "revision": 9 }""").Spec!.Revision);
        Assert.Empty(_events);
    }

    [Fact]
    public void Without_a_usable_file_the_last_spec_is_used_and_both_is_logged()
    {
        LastSpec.Write(_folder.Path, TestSpec.Of() with { Revision = 6 });
        File.SetLastWriteTimeUtc(_folder.PathOf("spec.json"), new DateTime(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc));
        Assert.Equal(6, Read("{").Spec!.Revision);
        Assert.Empty(_problems);
        Assert.Equal([622, 620], _events.Select(static e => e.Number));
        Assert.StartsWith($"--spec {_folder.PathOf("wanted.json")}: is invalid at ", _events[0].Text,
            StringComparison.Ordinal);
        Assert.EndsWith("The agent keeps the last valid spec.", _events[0].Text, StringComparison.Ordinal);
        Assert.Equal("continuing with the last spec, revision 6, stored 2026-03-01 12:00:00Z", _events[1].Text);
    }

    [Fact]
    public void A_damaged_last_spec_is_logged_and_the_file_must_be_usable()
    {
        _folder.Put("spec.json", "{");
        Assert.Null(Read("{").Spec);
        Assert.Equal("--spec", Assert.Single(_problems).Option);
        Assert.Equal(621, _events[0].Number);
    }

    [Fact]
    public void With_directors_there_may_be_none()
    {
        Assert.Null(Read(null).Spec);
        Assert.Empty(_problems);
        Assert.Empty(_events);
    }

    public void Dispose() => _folder.Dispose();

    private FirstSpec Read(string? file)
    {
        var log = new EventSink((number, text) => _events.Add((number, text)));
        var first = FirstSpec.Read(new Request
        {
            StateDirectory = _folder.Path,
            SpecFile = file is null ? null : _folder.Put("wanted.json", file),
        }, _problems, log);
        first.Log(log);
        return first;
    }
}
