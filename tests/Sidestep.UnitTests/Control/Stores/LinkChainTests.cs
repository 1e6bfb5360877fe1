using Sidestep.Control.Stores;
using Sidestep.UnitTests.Daemon;

namespace Sidestep.UnitTests.Control.Stores;

public sealed class LinkChainTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void File_without_links_is_the_only_name() =>
        Assert.Equal([(Path.GetDirectoryName(_folder.Path("f"))!, "f")], LinkChain.Of(_folder.Path("f")));

    [Fact]
    public void Every_link_in_the_path_is_a_name()
    {
        string root = Path.GetDirectoryName(_folder.Path("f"))!;
        Directory.CreateDirectory(_folder.Path("v1"));
        Directory.CreateSymbolicLink(_folder.Path("..data"), "v1");
        File.CreateSymbolicLink(_folder.Path("f"), "./..data/../v1/f");
        File.CreateSymbolicLink(_folder.Path("g"), _folder.Path("f"));

        Assert.Equal([(root, "g"), (root, "f"), (root, "..data"), (_folder.Path("v1"), "f")],
            LinkChain.Of(_folder.Path("g")));
    }

    [Fact]
    public void Links_in_a_circle_end()
    {
        File.CreateSymbolicLink(_folder.Path("a"), "b");
        File.CreateSymbolicLink(_folder.Path("b"), "a");
        Assert.InRange(LinkChain.Of(_folder.Path("a")).Length, 40, 41);
    }
}
