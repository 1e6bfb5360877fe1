using System.Text.Json;
using Sidestep.Model;

namespace Sidestep.Cli.Contexts;

/// <summary>The file with contexts, which only its user can read.</summary>
/// <param name="path">Path of the file.</param>
public sealed class ContextFile(string path)
{
    /// <summary>Names the director on this machine in place of a context.</summary>
    public const string Local = "local";

    /// <summary>The environment variable that selects a context.</summary>
    public const string Variable = "SIDESTEP_CONTEXT";

    /// <summary>The file of the user who runs the command: <c>~/.config/sidestep/contexts.json</c>, or below
    /// <c>$XDG_CONFIG_HOME</c>.</summary>
    public static ContextFile OfUser() => new(Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData,
            Environment.SpecialFolderOption.DoNotVerify),
        "sidestep", "contexts.json"));

    /// <summary>Reads the contexts; none if there is no file.</summary>
    /// <exception cref="ContextException">The file cannot be read.</exception>
    public ContextList Read()
    {
        try
        {
            using var file = File.OpenRead(path);
            var read = JsonSerializer.Deserialize(file, ContextJson.Default.ContextList);
            return read is { Contexts.IsDefault: false }
                && read.Contexts.All(static c => c is { Name: not null, Server.IsAbsoluteUri: true }) ? read
                : throw new ContextException($"{path} is not a file with contexts: delete it, and log in again");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ContextList();
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ContextException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>The selected context; null: the director on this machine.</summary>
    /// <param name="name">The name that the command line has; null: the environment or the file selects it.</param>
    /// <exception cref="ContextException">There is no such context, or the file cannot be read.</exception>
    public DirectorContext? Select(string? name)
    {
        name ??= Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } variable ? variable : null;
        if (name == Local)
            return null;
        var contexts = Read();
        if ((name ?? contexts.Current) is not { } selected)
            return null;
        return contexts.Contexts.FirstOrDefault(c => c.Name == selected) ?? throw new ContextException(
            $"there is no context '{selected}': there {Are(contexts)}. Create it with sidestep login");
    }

    /// <summary>Adds or replaces a context, and makes it the current one.</summary>
    /// <exception cref="ContextException">The file cannot be read or written.</exception>
    public void Add(DirectorContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var contexts = Read();
        Write(new ContextList
        {
            Current = context.Name,
            Contexts = [.. contexts.Contexts.Where(c => c.Name != context.Name).Append(context)
                .OrderBy(static c => c.Name, StringComparer.Ordinal)],
        });
    }

    /// <summary>Makes a context the current one.</summary>
    /// <param name="name">The context; <see cref="Local"/>: the director on this machine.</param>
    /// <exception cref="ContextException">There is no such context, or the file cannot be read or written.</exception>
    public void Use(string name) => Write(Read() with { Current = Select(name)?.Name });

    /// <summary>Removes a context.</summary>
    /// <exception cref="ContextException">The file cannot be read or written.</exception>
    public void Remove(string name)
    {
        var contexts = Read();
        Write(new ContextList
        {
            Current = contexts.Current == name ? null : contexts.Current,
            Contexts = [.. contexts.Contexts.Where(c => c.Name != name)],
        });
    }

    private void Write(ContextList contexts)
    {
        try
        {
            AtomicFile.Write(path, file => JsonSerializer.Serialize(file, contexts, ContextJson.Default.ContextList),
                UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ContextException($"{path}: {e.Message}", e);
        }
    }

    private static string Are(ContextList contexts) => contexts.Contexts.Length == 0 ? "are none"
        : "are " + string.Join(", ", contexts.Contexts.Select(static c => c.Name));
}

/// <summary>A context cannot be used. The message says why and what to do.</summary>
public sealed class ContextException : Exception
{
    /// <summary>Creates an exception with the default message of .NET.</summary>
    public ContextException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    public ContextException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and its cause.</summary>
    public ContextException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
