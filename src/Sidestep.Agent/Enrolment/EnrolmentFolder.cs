using System.Globalization;
using System.Text.Json;
using Sidestep.Agent.Input;
using Sidestep.Model;

namespace Sidestep.Agent.Enrolment;

/// <summary>The directors that this agent has joined: a file for each, which only root can read.</summary>
/// <param name="stateDirectory">The agent's state directory.</param>
internal sealed class EnrolmentFolder(string stateDirectory)
{
    private const string Suffix = ".json";

    private readonly string _path = Path.Combine(stateDirectory, "directors");

    /// <summary>Reads all files, ordered by name.</summary>
    /// <param name="problems">Receives what is wrong with a file.</param>
    public IReadOnlyList<EnrolledDirector> Read(List<Problem> problems)
    {
        if (!Directory.Exists(_path))
            return [];
        var directors = new List<EnrolledDirector>();
        foreach (string file in Directory.GetFiles(_path, "*" + Suffix).Order(StringComparer.Ordinal))
        {
            try
            {
                using var stream = File.OpenRead(file);
                if (JsonSerializer.Deserialize(stream, EnrolmentJson.Default.EnrolledDirector) is
                    {
                        Url.IsAbsoluteUri: true, Server: not null, Certificate: not null, Key: not null,
                        Authorities: not null
                    } director)
                    directors.Add(director);
                else
                    problems.Add(Damaged(file, "a value is missing"));
            }
            catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
            {
                problems.Add(Damaged(file, e.Message));
            }
        }
        if (directors.Select(static d => d.Server).Distinct().Skip(1).Any())
        {
            problems.Add(new Problem("directors", _path, "know this server by different names: "
                + string.Join(", ", directors.Select(static d => $"{d.Server} at {d.Url.Authority}")),
                "Use one name in all configurations, delete the file of the other director, and join it again."));
        }
        return directors;
    }

    /// <summary>Adds or replaces a director.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void Write(EnrolledDirector director)
    {
        if (!OperatingSystem.IsWindows())
            Directory.CreateDirectory(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        AtomicFile.Write(Path.Combine(_path, NameOf(director.Url) + Suffix),
            file => JsonSerializer.Serialize(file, director, EnrolmentJson.Default.EnrolledDirector),
            UnixFileMode.UserRead | UnixFileMode.UserWrite, isDurable: true);
    }

    private static string NameOf(Uri url) => string.Create(CultureInfo.InvariantCulture,
        $"{url.Host.Trim('[', ']').Replace(':', '_')}_{url.Port}");

    private static Problem Damaged(string file, string reason) => new("director", file, reason,
        "Delete the file, and join the director again: sidestep-agent join.");
}
