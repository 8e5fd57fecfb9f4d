# Kernels with a mistake in their paging, each of which `bench metal` must find and name
# (test_bench_metal.c). Included by metal/CMakeLists.txt, which has the flags. Every
# mistake is made in both heaps' paging.
kb_metal_mutant(mutant_x86_no_invlpg pager_x86 pager_x86.c
	"s/x->config.invalidate(va);/if (!x) &/")
kb_metal_mutant(mutant_x86_wrong_invlpg pager_x86 pager_x86.c
	"s/invalidate(va)/invalidate(va + KVA_PAGE_SIZE)/")
kb_metal_mutant(mutant_x86_pte_kept pager_x86 pager_x86.c
	"s/^\t[*]pte = 0;$//")
kb_metal_mutant(mutant_x86_frame_twice pager_x86 pager_x86.c
	"s/^\tframes_give(&x->frames, pfn_of(x, entry));$/&&/")
kb_metal_mutant(mutant_x86_table_early pager_x86 pager_x86.c
	"/^static void clear_page/,/^}/s/used.slot. == 0/used[slot] <= 1/")
kb_metal_mutant(mutant_x86_read_only pager_x86 pager_x86.c
	"s/^#define X86_FLAGS .*/#define X86_FLAGS PAGER_PTE_PRESENT/")
kb_metal_mutant(mutant_x86_user pager_x86 pager_x86.c
	"s/^\t[*]pte_of(x, va) = entry_of(x, pfn);$/\t*pte_of(x, va) = entry_of(x, pfn) | 4;/")

kb_metal_mutant(mutant_fast_no_invlpg kheap_fast kheap_fast_x86.h
	"s/f->invalidate(va, false);/if (!f) &/")
kb_metal_mutant(mutant_fast_wrong_invlpg kheap_fast kheap_fast_x86.h
	"s/invalidate(va, false)/invalidate(va + KVA_PAGE_SIZE, false)/")
kb_metal_mutant(mutant_fast_pte_kept kheap_fast kheap_fast.c
	"/unmap_page/,/^}/s/^\tf->pte.page. = 0;$//")
kb_metal_mutant(mutant_fast_frame_twice kheap_fast kheap_fast.c
	"/pfn_t unmap_page/,/^}/s/^\treturn mmu_pfn(f, entry);$/\tf->free_frames[f->free_frame_count++] = mmu_pfn(f, entry);&/")
kb_metal_mutant(mutant_fast_table_early kheap_fast kheap_fast.c
	"/pfn_t unmap_page/,/^}/s/--f->used.table. == 0/--f->used[table] <= 1/")
kb_metal_mutant(mutant_fast_read_only kheap_fast kheap_fast.c
	"/^static inline uint32_t entry_of/,/^}/s/ | FLAGS;/ | PAGER_PTE_PRESENT;/")
kb_metal_mutant(mutant_fast_user kheap_fast kheap_fast.c
	"/^static inline uint32_t entry_of/,/^}/s/ | FLAGS;/ | FLAGS | 4;/")
