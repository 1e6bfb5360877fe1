using System.Collections.Immutable;

namespace Sidestep.Control.Stores;

/// <summary>The names that decide which file a path leads to: each symbolic link that it contains, and the
/// file.</summary>
/// <remarks>Kubernetes mounts a ConfigMap as <c>sidestep.yaml -> ..data/sidestep.yaml</c> and
/// <c>..data -> ..2026_11_30</c>, and switches <c>..data</c> only.</remarks>
internal static class LinkChain
{
    /// <summary>The kernel follows as many links in one path (path_resolution(7)).</summary>
    private const int MostLinks = 40;

    /// <summary>Folders, and the name in each, in the order in which the kernel meets them.</summary>
    /// <param name="path">An absolute path. It may lead to nothing.</param>
    public static ImmutableArray<(string Folder, string Name)> Of(string path)
    {
        var names = ImmutableArray.CreateBuilder<(string Folder, string Name)>();
        var rest = new Stack<string>();
        Push(rest, path);
        string folder = "/";
        int links = 0;
        while (rest.TryPop(out string? name))
        {
            if (name == "..")
            {
                folder = Path.GetDirectoryName(folder) ?? "/";
                continue;
            }
            string full = Path.Combine(folder, name);
            if (new FileInfo(full).LinkTarget is { } target && links++ < MostLinks)
            {
                names.Add((folder, name));
                if (target.StartsWith('/'))
                    folder = "/";
                Push(rest, target);
            }
            else if (rest.Count == 0)
                names.Add((folder, name));
            else
                folder = full;
        }
        return names.ToImmutable();
    }

    private static void Push(Stack<string> rest, string path)
    {
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
        {
            if (name != ".")
                rest.Push(name);
        }
    }
}
