using System.Xml.Linq;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Architecture;

/// <summary>A project of the repository, read from its project file.</summary>
/// <param name="Name">Short name: Engine.Xdp for src/Sidestep.Engine.Xdp.</param>
/// <param name="File">Path of the project file, relative to the repository.</param>
/// <param name="Uses">Short names of the projects that it references.</param>
/// <param name="AllowsUnsafe">The project may contain unsafe code.</param>
internal sealed record Project(string Name, string File, IReadOnlyList<string> Uses, bool AllowsUnsafe)
{
    private static readonly string[] Folders = ["src", "packaging", "lab", "tests", "benchmarks", "fuzz"];

    public static IReadOnlyList<Project> All { get; } =
    [
        .. Folders.Select(static f => Repository.File(f)).Where(Directory.Exists)
            .SelectMany(static f => Directory.EnumerateFiles(f, "*.csproj", SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal).Select(Read),
    ];

    private static Project Read(string file)
    {
        var project = XDocument.Load(file);
        return new Project(
            Short(file), Path.GetRelativePath(Repository.Root, file),
            [.. project.Descendants("ProjectReference")
            .Select(static r => Short(r.Attribute("Include")!.Value.Replace('\\', '/')))],
            project.Descendants("AllowUnsafeBlocks").Any(static e => e.Value.Trim() != "false"));
    }

    private static string Short(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        return name.StartsWith("Sidestep.", StringComparison.Ordinal) ? name["Sidestep.".Length..] : name;
    }
}
